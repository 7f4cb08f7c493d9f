/** What a tenant has one of, whatever isolate asks: its epoch, which every change raises, and its running requests. */
import { DurableObject } from "cloudflare:workers";
import { type ActiveRequest, ActiveRequests } from "../core/active-requests.ts";

const EPOCH = "epoch";

export class TenantObject extends DurableObject<Env> {
  readonly #active = new ActiveRequests();

  epoch(): number {
    return this.ctx.storage.kv.get<number>(EPOCH) ?? 0;
  }

  /** Whoever has seen an older one drops what it knows of the tenant. */
  raiseEpoch(): number {
    const next = this.epoch() + 1;
    this.ctx.storage.kv.put(EPOCH, next);
    return next;
  }

  reportActive(request: ActiveRequest): boolean {
    return this.#active.report(request, Date.now());
  }

  endActive(id: string): void {
    this.#active.end(id);
  }

  cancelActive(id: string): boolean {
    return this.#active.cancel(id, Date.now());
  }

  listActive(): ActiveRequest[] {
    return this.#active.list(Date.now());
  }
}
