/** What the whole system has one of: its capacity, shared out among the tenants, and a number that its configuration raises. */
import { DurableObject } from "cloudflare:workers";
import type { LeaseAnswer, LeaseAsk } from "../core/limits/lease.ts";
import { Shares, type TenantTerms } from "../core/limits/shares.ts";
import { SYSTEM_LIMIT } from "../core/limits/tenant-limits.ts";
import { readConfig } from "../env.ts";
import { Gates, migrate } from "./tables.ts";

const EPOCH = "epoch";
const CAPACITY = "capacity";
const SWEEP_MS = 600_000;
const MOST_TOLD = 500;

export interface ShareAnswer extends LeaseAnswer {
  /** Of what all tenants have in common: shared limits, defaults. */
  readonly systemEpoch: number;
}

export class GlobalObject extends DurableObject<Env> {
  readonly #gates: Gates;
  #shares: Shares;
  #sweepAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, "gates");
    this.#gates = new Gates(ctx.storage.sql);
    this.#shares = this.#open();
  }

  async share(tenantId: string, terms: TenantTerms, ask: LeaseAsk): Promise<ShareAnswer> {
    const now = Date.now();
    const answer = this.#shares.answer(tenantId, terms, ask, now);
    this.#gates.write();
    if (now >= this.#sweepAt) {
      this.#sweepAt = now + SWEEP_MS;
      await this.ctx.storage.setAlarm(this.#sweepAt);
    }
    return { ...answer, systemEpoch: this.epoch() };
  }

  /** By tenant: requests a minute that each may have just now. */
  entitlements(): Map<string, number> {
    return this.#shares.entitlements(Date.now());
  }

  /** Requests a minute of the whole system. */
  capacity(): number {
    return this.ctx.storage.kv.get<number>(CAPACITY) ?? readConfig(this.env).requestsPerMinute;
  }

  setCapacity(perMinute: number): void {
    this.ctx.storage.kv.put(CAPACITY, perMinute);
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

  #open(): Shares {
    return new Shares(this.#gates, { ...SYSTEM_LIMIT, count: this.capacity() });
  }
}
