/** What a tenant has one of, whatever isolate asks: so far the epoch, a number that every change of its configuration raises. */
import { DurableObject } from "cloudflare:workers";

const EPOCH = "epoch";

export class TenantObject extends DurableObject<Env> {
  epoch(): number {
    return this.ctx.storage.kv.get<number>(EPOCH) ?? 0;
  }

  /** Whoever has seen an older one drops what it knows of the tenant. */
  raiseEpoch(): number {
    const next = this.epoch() + 1;
    this.ctx.storage.kv.put(EPOCH, next);
    return next;
  }
}
