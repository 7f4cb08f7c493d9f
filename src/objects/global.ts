/** What the whole system has one of: its capacity, shared out among the tenants, and a number that its configuration raises. */
import { DurableObject } from "cloudflare:workers";
import { CapacityShares, type CapacityTerms } from "../core/limits/lease/capacity-shares.ts";
import type { LeaseRequest, LeaseResponse } from "../core/limits/lease/protocol.ts";
import { SYSTEM_LIMIT } from "../core/limits/lease/tenant-limits.ts";
import { readConfig } from "../env.ts";
import { Gates, migrate } from "./tables.ts";

const EPOCH = "epoch";
const CAPACITY = "capacity";
const SWEEP_MS = 600_000;
const MOST_TOLD = 500;

export interface ShareAnswer extends LeaseResponse {
  /** Of what all tenants have in common: shared limits, defaults. */
  readonly systemEpoch: number;
}

export class GlobalObject extends DurableObject<Env> {
  readonly #gates: Gates;
  #shares: CapacityShares;
  #sweepAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, "gates");
    this.#gates = new Gates(ctx.storage.sql);
    this.#shares = this.#open();
  }

  async share(tenantId: string, terms: CapacityTerms, ask: LeaseRequest): Promise<ShareAnswer> {
    const now = Date.now();
    const answer = this.#shares.issue(tenantId, terms, ask, now);
    this.#gates.write();
    if (now >= this.#sweepAt) {
      this.#sweepAt = now + SWEEP_MS;
      await this.ctx.storage.setAlarm(this.#sweepAt);
    }
    return { ...answer, systemEpoch: this.epoch() };
  }

  /** By tenant: requests a minute that each may have just now. */
  entitlements(): Map<string, number> {
    return this.#shares.computeEntitlements(Date.now());
  }

  /** Requests a minute of the whole system. */
  capacity(): number {
    return this.ctx.storage.kv.get<number>(CAPACITY) ?? readConfig(this.env).requestsPerMinute;
  }

  /** Null: what the variable REQUESTS_PER_MINUTE says. */
  setCapacity(perMinute: number | null): void {
    if (perMinute === (this.ctx.storage.kv.get<number>(CAPACITY) ?? null)) return;
    if (perMinute === null) this.ctx.storage.kv.delete(CAPACITY);
    else this.ctx.storage.kv.put(CAPACITY, perMinute);
    this.#shares = this.#open();
  }

  epoch(): number {
    return this.ctx.storage.kv.get<number>(EPOCH) ?? 0;
  }

  raiseEpoch(): number {
    const next = this.epoch() + 1;
    this.ctx.storage.kv.put(EPOCH, next);
    this.ctx.waitUntil(this.#tell(next));
    return next;
  }

  /** Those with traffic hear of it at once; the others when they next ask for a share. */
  async #tell(systemEpoch: number): Promise<void> {
    const busy = [...this.entitlements().keys()].slice(0, MOST_TOLD);
    await Promise.allSettled(busy.map((id) => this.env.TENANTS.getByName(id).heed(systemEpoch)));
  }

  override async alarm(): Promise<void> {
    this.#gates.forget(Date.now());
  }

  #open(): CapacityShares {
    return new CapacityShares(this.#gates, { ...SYSTEM_LIMIT, count: this.capacity() });
  }
}
