/**
 * Distributes the system capacity among tenants. Without contention every demand is granted. Under contention each
 * tenant may use in any window what weighted max-min fairness assigns, computed from the demand of the last window and
 * the forecast for the next. A tenant that exceeded its share waits until its usage has left the window, and the others
 * receive the difference.
 */

import type { LeaseSettlement, Limit } from "../algorithms/limit.ts";
import {
  countAvailable,
  EMPTY_LIMITER,
  type LimiterState,
  msUntilAvailable,
  reserve,
  settle,
} from "../algorithms/limiter.ts";
import { waterLevel } from "../algorithms/max-min-fairness.ts";
import { addToWindow, msUntilFreed, type SlidingWindow, sumSpent } from "../algorithms/sliding-window.ts";
import { type LimiterStore, RECHECK_MS } from "./issuer.ts";
import type { LeaseRequest, LeaseResponse } from "./protocol.ts";

export interface CapacityTerms {
  readonly weight: number;
  /** At most that many times its fair share, however idle the system is. */
  readonly burst: number;
  /** Requests expected in the next window; 0 where nothing is known. */
  readonly predicted: number;
}

interface TenantDemand {
  terms: CapacityTerms;
  demand: SlidingWindow;
  savedAt: number;
}

/** Long enough for a tenant object to grant subleases for one second, receive their settlement, and settle itself. */
const CAPACITY_LEASE_TTL_MS = 3000;
/** Kept for tenants below their fair share of whom nothing was known a moment ago. */
const RESERVED_SHARE = 0.005;
/** One tenant may keep that part of what is left for later. */
const MAX_SHARE = 1 / 4;
const LEVEL_TTL_MS = 100;
/** The requested numbers are kept as well, less strictly: they guide the shares and are not counted. */
const DEMAND_SAVE_INTERVAL_MS = 5000;

export class CapacityShares {
  readonly #store: LimiterStore;
  readonly #limit: Limit;
  readonly #tenants = new Map<string, TenantDemand>();
  #level = { at: Number.NEGATIVE_INFINITY, level: Number.POSITIVE_INFINITY, weights: 0 };

  constructor(store: LimiterStore, limit: Limit) {
    this.#store = store;
    this.#limit = limit;
  }

  issue(tenantId: string, terms: CapacityTerms, request: LeaseRequest, now: number): LeaseResponse {
    this.#settle(tenantId, request.settled, now);
    const isNew = !this.#tenants.has(tenantId);
    const tenant = this.#recordDemand(tenantId, terms, request, now);
    const [claim] = request.claims;
    if (claim === undefined) return { granted: [], refused: [] };
    if (isNew || now - this.#level.at >= LEVEL_TTL_MS) this.#refreshLevel(now);

    const { windowMs, key } = this.#limit;
    const own = this.#loadLimiter(tenantId);
    const used = sumSpent(own.window, this.#limit, now);
    const entitled = Math.floor(this.#computeEntitlement(tenant));
    const fair = (this.#limit.count * terms.weight) / this.#level.weights;
    const reserved = used < fair ? 0 : Math.ceil(this.#limit.count * RESERVED_SHARE);
    const system = this.#loadLimiter(key);
    const free = countAvailable(system, this.#limit, now) - reserved;
    const room = Math.min(free, entitled - used);
    const ahead = Math.min(room, claim.ahead, Math.max(1, Math.floor(free * MAX_SHARE)));
    if (ahead < 1) {
      const ownMs = msUntilFreed(own.window, this.#limit, used + 1 - entitled, now);
      const retryMs = Math.min(
        windowMs,
        Math.max(ownMs, msUntilAvailable(system, this.#limit, 1 + reserved, now)),
      );
      return {
        granted: [],
        refused: [{ key, retryMs, recheckMs: Math.min(retryMs, RECHECK_MS), remaining: 0 }],
      };
    }
    const lease = { leaseId: request.id, taken: 0, at: now, ahead, usableUntil: now + CAPACITY_LEASE_TTL_MS };
    this.#save(key, reserve(system, this.#limit, lease, now), now);
    this.#save(tenantId, reserve(own, this.#limit, lease, now), now);
    const grant = { key, ahead, ttlMs: CAPACITY_LEASE_TTL_MS, remaining: room - ahead, resetMs: windowMs };
    return { granted: [grant], refused: [] };
  }

  /** What each may have in a window just now; for the pages that show it. */
  computeEntitlements(now: number): Map<string, number> {
    this.#refreshLevel(now);
    return new Map([...this.#tenants].map(([id, tenant]) => [id, this.#computeEntitlement(tenant)]));
  }

  #computeEntitlement({ terms }: TenantDemand): number {
    const { count } = this.#limit;
    const { level, weights } = this.#level;
    return Math.min(count, level * terms.weight, (count * terms.weight * terms.burst) / weights);
  }

  #refreshLevel(now: number): void {
    const { count } = this.#limit;
    const demands: { terms: CapacityTerms; demand: number }[] = [];
    for (const [id, { terms, demand }] of this.#tenants) {
      const requested = sumSpent(demand, this.#limit, now);
      const used = sumSpent(this.#loadLimiter(id).window, this.#limit, now);
      const required = Math.max(requested, used, terms.predicted);
      if (required === 0) this.#tenants.delete(id);
      else demands.push({ terms, demand: required });
    }
    const weights = demands.reduce((sum, { terms }) => sum + terms.weight, 0);
    const capped = demands.map(({ terms: { weight, burst }, demand }) => ({
      weight,
      demand: Math.min(demand, (count * weight * burst) / weights),
    }));
    this.#level = { at: now, weights, level: waterLevel(capped, count * (1 - RESERVED_SHARE)) };
  }

  #recordDemand(
    tenantId: string,
    terms: CapacityTerms,
    { demand, claims }: LeaseRequest,
    now: number,
  ): TenantDemand {
    const key = `${tenantId} demand`;
    const known = this.#tenants.get(tenantId);
    const tenant = known ?? { terms, demand: this.#loadLimiter(key).window, savedAt: now };
    tenant.terms = terms;
    // A request counts as a demand of at least 1, or it would expire before it is granted.
    const requests = Math.max(demand, claims.length);
    tenant.demand = addToWindow(tenant.demand, this.#limit, requests, now, now);
    this.#tenants.set(tenantId, tenant);
    if (now - tenant.savedAt >= DEMAND_SAVE_INTERVAL_MS) {
      tenant.savedAt = now;
      this.#save(key, { ...EMPTY_LIMITER, window: tenant.demand }, now);
    }
    return tenant;
  }

  #settle(tenantId: string, settled: readonly LeaseSettlement[], now: number): void {
    for (const settlement of settled) {
      for (const key of [this.#limit.key, tenantId]) {
        const next = settle(this.#loadLimiter(key), this.#limit, settlement, now);
        if (next !== undefined) this.#save(key, next, now);
      }
    }
  }

  #loadLimiter(key: string): LimiterState {
    return this.#store.get(key) ?? EMPTY_LIMITER;
  }

  #save(key: string, state: LimiterState, now: number): void {
    this.#store.put(key, state, now + 2 * this.#limit.windowMs);
  }
}
