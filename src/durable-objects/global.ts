/** What the whole system has one of: its capacity, shared out among the tenants, and a number that its configuration raises. */
import { DurableObject } from "cloudflare:workers";
import { CapacityShares, type CapacityTerms } from "../core/limits/lease/capacity-shares.ts";
import type { LeaseRequest, LeaseResponse } from "../core/limits/lease/protocol.ts";
import { SYSTEM_LIMIT } from "../core/limits/lease/tenant-limits.ts";
import type { ObservedEpoch } from "../core/tenant-cache.ts";
import { readConfig } from "../env.ts";
import { EpochStore } from "./epoch-store.ts";
import { migrate, SqlLimiterStore } from "./limiter-store.ts";

const CAPACITY = "capacity";
const SWEEP_INTERVAL_MS = 600_000;
const MAX_NOTIFIED_TENANTS = 500;

export interface CapacityResponse extends LeaseResponse {
  /** Of what all tenants have in common: shared limits, defaults. */
  readonly systemEpoch: number;
}

export class GlobalObject extends DurableObject<Env> {
  readonly #epochs: EpochStore;
  readonly #limiters: SqlLimiterStore;
  #shares: CapacityShares;
  #sweepAt = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, "gates");
    this.#epochs = new EpochStore(ctx.storage.kv);
    this.#limiters = new SqlLimiterStore(ctx.storage.sql);
    this.#shares = this.#open();
  }

  async issueCapacity(
    tenantId: string,
    terms: CapacityTerms,
    request: LeaseRequest,
  ): Promise<CapacityResponse> {
    const now = Date.now();
    const answer = this.#shares.issue(tenantId, terms, request, now);
    this.#limiters.write();
    if (now >= this.#sweepAt) {
      this.#sweepAt = now + SWEEP_INTERVAL_MS;
      await this.ctx.storage.setAlarm(this.#sweepAt);
    }
    return { ...answer, systemEpoch: this.getEpoch() };
  }

  /** By tenant: requests a minute that each may have just now. */
  getEntitlements(): Map<string, number> {
    return this.#shares.computeEntitlements(Date.now());
  }

  /** Requests a minute of the whole system. */
  getCapacity(): number {
    return this.ctx.storage.kv.get<number>(CAPACITY) ?? readConfig(this.env).requestsPerMinute;
  }

  /** Null: the value of the variable REQUESTS_PER_MINUTE. */
  setCapacity(perMinute: number | null): void {
    if (perMinute === (this.ctx.storage.kv.get<number>(CAPACITY) ?? null)) return;
    if (perMinute === null) this.ctx.storage.kv.delete(CAPACITY);
    else this.ctx.storage.kv.put(CAPACITY, perMinute);
    this.#shares = this.#open();
  }

  getEpoch(): number {
    return this.#epochs.get();
  }

  readEpoch(): ObservedEpoch {
    return this.#epochs.observe(Date.now());
  }

  bumpEpoch(): number {
    const next = this.#epochs.bump(Date.now());
    this.ctx.waitUntil(this.#notifyTenants(next));
    return next;
  }

  /** Notifies the tenants that have traffic; the others receive the epoch with their next capacity request. */
  async #notifyTenants(systemEpoch: number): Promise<void> {
    const busy = [...this.getEntitlements().keys()].slice(0, MAX_NOTIFIED_TENANTS);
    await Promise.allSettled(busy.map((id) => this.env.TENANTS.getByName(id).applySystemEpoch(systemEpoch)));
  }

  override async alarm(): Promise<void> {
    this.#limiters.deleteExpired(Date.now());
  }

  #open(): CapacityShares {
    return new CapacityShares(this.#limiters, { ...SYSTEM_LIMIT, count: this.getCapacity() });
  }
}
