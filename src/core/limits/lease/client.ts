/**
 * What an isolate may admit by itself: the leases it holds of one tenant's limits, and which of them are known to be
 * spent. Its decision on a request is one of three: admit, deny, or request tokens of the tenant's object and decide again.
 */

import { BoundedMap } from "../../bounded-map.ts";
import type { LeaseSettlement, Limit } from "../algorithms/limit.ts";
import { type LeasePart, returnTokens } from "./holder.ts";
import {
  createLimitState,
  endRequest,
  isDenied,
  isPooled,
  type LimitState,
  needsRefill,
  prefetchCount,
  REFILL_BELOW_MS,
  updateLimit,
} from "./limit-state.ts";
import {
  LEASE_TTL_MS,
  type LeaseClaim,
  type LeaseGrant,
  type LeaseRequest,
  type LeaseResponse,
  SYSTEM_KEY,
} from "./protocol.ts";

export type AcquireResult =
  | { readonly kind: "admit"; readonly refill: boolean }
  | LimitDenial
  | { readonly kind: "request" };

export interface LimitDenial {
  readonly kind: "deny";
  readonly limit: Limit;
  readonly retryMs: number;
}

/** What is known of a limit, for the headers. */
export interface Quota {
  readonly limit: Limit;
  readonly remaining: number;
  readonly resetMs: number;
}

interface PendingRequest {
  readonly requestedAt: number;
  readonly isWaiting: boolean;
  readonly limits: readonly Limit[];
  /** Tokens of cached leases that the waiting request has spent. */
  readonly spent: readonly LeasePart[];
}

const ADMIT: AcquireResult = { kind: "admit", refill: false };
const ADMIT_AND_REFILL: AcquireResult = { kind: "admit", refill: true };
const NEEDS_LEASE: AcquireResult = { kind: "request" };

/** An answer that has not come by then is taken for lost. */
const RESPONSE_TIMEOUT_MS = 2000;
/** For so long callers wait for another's request before they send one of their own: its caller may have been cut off. */
export const JOIN_TIMEOUT_MS = 100;
const MAX_STATES = 10_000;
const IDLE_TIMEOUT_MS = 60_000;

export class LeaseClient {
  readonly #states = new BoundedMap<string, LimitState>(MAX_STATES);
  readonly #pending = new Map<string, PendingRequest & { readonly ask: LeaseRequest }>();
  readonly #id: string;
  #requestCount = 0;
  #requestedAt = Number.NEGATIVE_INFINITY;
  #refillAt = Number.NEGATIVE_INFINITY;
  #demand = 0;
  #refusals: Record<string, number> = {};
  #unsettled: LeaseSettlement[] = [];

  /** `id`: unlike that of any other book there ever is. */
  constructor(id: string) {
    this.#id = id;
  }

  /** Counts the request, and spends `cost` tokens of each limit if it is admitted. */
  tryAcquire(limits: readonly Limit[], now: number, cost = 1): AcquireResult {
    // Limits of a server or tool are charged beside those of the request, which has been counted.
    if (limits[0]?.key === SYSTEM_KEY) this.#demand += 1;
    for (const limit of limits) {
      const state = this.#states.get(limit.key) ?? this.#createState(limit, now);
      if (state.leases.limit !== limit) updateLimit(state, limit);
      state.rate.count(now, cost);
      state.touchedAt = now;
    }
    return this.retryAcquire(limits, now, cost);
  }

  /** Whether `tryAcquire` would admit or deny now. Counts and spends nothing. */
  canDecide(limits: readonly Limit[], now: number): boolean {
    let hasTokens = true;
    for (const limit of limits) {
      const state = this.#states.get(limit.key);
      if (state?.leases.limit !== limit) hasTokens = false;
      else if (isDenied(state, 1, now)) return true;
      else hasTokens &&= state.leases.hasTokens(1, now);
    }
    return hasTokens;
  }

  /** The same for a request that has been counted, and has waited for tokens. */
  retryAcquire(limits: readonly Limit[], now: number, cost = 1): AcquireResult {
    let needsLease = false;
    let denied: LimitState | undefined;
    for (const limit of limits) {
      const state = this.#states.get(limit.key) ?? this.#createState(limit, now);
      if (isDenied(state, cost, now)) {
        if (denied === undefined || state.retryAt > denied.retryAt) denied = state;
      } else if (!needsLease && !state.leases.hasTokens(cost, now)) needsLease = true;
    }
    if (denied !== undefined)
      return { kind: "deny", limit: denied.leases.limit, retryMs: denied.retryAt - now };
    if (needsLease) return NEEDS_LEASE;
    let low = false;
    for (const limit of limits) {
      const state = this.#states.get(limit.key);
      if (state === undefined) continue;
      state.leases.spend(cost, now);
      low ||= needsRefill(state, now);
    }
    return low && now - this.#refillAt >= REFILL_BELOW_MS / 2 ? ADMIT_AND_REFILL : ADMIT;
  }

  /**
   * Whether all tokens that the limits lack have been requested already, by a caller that requests them for others too:
   * then a request of this one's own would only be one more.
   */
  isAwaited(limits: readonly Limit[], now: number, cost = 1): boolean {
    return limits.every((limit) => {
      const state = this.#states.get(limit.key);
      if (state === undefined) return false;
      return state.leases.hasTokens(cost, now) || (isPooled(state) && now < state.awaitedUntil);
    });
  }

  /** For a caller that waits, and for `waiting` others. Send it, and apply its response or mark it lost. */
  buildRequest(limits: readonly Limit[], now: number, { waiting = 0, cost = 1 } = {}): LeaseRequest {
    const spent: LeasePart[] = [];
    const claims: LeaseClaim[] = [];
    for (const limit of limits) {
      const state = this.#states.get(limit.key) ?? this.#createState(limit, now);
      this.#unsettled.push(...state.leases.settle(now));
      const parts = state.leases.spend(cost, now);
      if (parts.length === 0)
        claims.push({ limit, now: cost, ahead: prefetchCount(state, now, waiting * cost) });
      else spent.push(...parts);
    }
    return this.#createRequest(claims, { requestedAt: now, isWaiting: true, limits, spent });
  }

  /** In the background, for requests to come. Undefined if nothing is needed. */
  buildRefill(now: number): LeaseRequest | undefined {
    const claims: LeaseClaim[] = [];
    for (const state of this.#states.values()) {
      if (!needsRefill(state, now)) continue;
      const ahead = prefetchCount(state, now);
      if (ahead > 0) claims.push({ limit: state.leases.limit, now: 0, ahead });
    }
    if (claims.length === 0) return undefined;
    this.#refillAt = now;
    this.#collectSettlements(now);
    return this.#createRequest(claims, { requestedAt: now, isWaiting: false, limits: [], spent: [] });
  }

  /** A lease's time after each request: returns what is left. Undefined if nothing is, or there was another request. */
  buildRelease(now: number): LeaseRequest | undefined {
    if (now - this.#requestedAt < LEASE_TTL_MS) return undefined;
    const hasRest = [...this.#states.values()].some(({ leases }) => leases.hasExpiredUnspent(now));
    if (!hasRest && !this.#unsettled.some(({ isLost }) => isLost)) return undefined;
    this.#collectSettlements(now);
    return this.#createRequest([], { requestedAt: now, isWaiting: false, limits: [], spent: [] });
  }

  /** When `flush` is worth a try; undefined while nothing is held that could be given back. */
  msUntilRelease(now: number): number | undefined {
    const isLost = this.#unsettled.some((settlement) => settlement.isLost);
    const isHolding = isLost || [...this.#states.values()].some(({ leases }) => leases.hasUnspent);
    return isHolding ? Math.max(0, this.#requestedAt + LEASE_TTL_MS - now) : undefined;
  }

  /** Returns "request" if the response was abandoned before it arrived. A refill can ignore the result. */
  applyResponse(request: LeaseRequest, response: LeaseResponse, now: number): AcquireResult {
    const pending = this.#pending.get(request.id);
    if (pending === undefined) return NEEDS_LEASE;
    this.#pending.delete(request.id);
    for (const claim of request.claims) {
      const grant = response.granted.find(({ key }) => key === claim.limit.key);
      const state = this.#states.get(claim.limit.key) ?? this.#createState(claim.limit, now);
      endRequest(state);
      if (grant !== undefined) this.#saveGrant(state, request.id, grant, pending.requestedAt, now);
      if (claim.ahead > 0) state.singleTokens = (grant?.ahead ?? 0) === 0;
    }
    const denial = this.#applyRefusals(response, request, pending.requestedAt, now);
    if (!pending.isWaiting) return denial ?? ADMIT;
    // Each claim was for the one that waits, and all are granted or none.
    const result = denial ?? (response.granted.length === request.claims.length ? ADMIT : NEEDS_LEASE);
    if (result.kind !== "admit") pending.spent.forEach(returnTokens);
    return result;
  }

  /** The response will not arrive. A grant in it is returned, and its settlements are sent again. */
  markLost(request: LeaseRequest): void {
    const pending = this.#pending.get(request.id);
    if (pending === undefined) return;
    this.#pending.delete(request.id);
    pending.spent.forEach(returnTokens);
    this.#demand += request.demand;
    this.#unsettled.push(...request.settled);
    for (const { limit } of request.claims) {
      const state = this.#states.get(limit.key);
      if (state !== undefined) endRequest(state);
      this.#unsettled.push({ leaseId: request.id, limit, uses: [], isLost: true });
    }
  }

  getQuotas(limits: readonly Limit[], now: number): Quota[] {
    return limits.map((limit) => {
      const state = this.#states.get(limit.key);
      if (state === undefined) return { limit, remaining: Math.floor(limit.count * limit.burst), resetMs: 0 };
      const remaining = isDenied(state, 1, now) ? 0 : state.remaining + state.leases.countRemaining(now);
      return { limit, remaining, resetMs: Math.max(0, state.resetAt - now) };
    });
  }

  #saveGrant(state: LimitState, leaseId: string, grant: LeaseGrant, requestedAt: number, now: number): void {
    if (grant.ahead > 0) state.leases.add(leaseId, grant, requestedAt);
    state.remaining = grant.remaining;
    state.resetAt = now + grant.resetMs;
    state.deniedUntil = Number.NEGATIVE_INFINITY;
  }

  #applyRefusals(
    response: LeaseResponse,
    request: LeaseRequest,
    requestedAt: number,
    now: number,
  ): LimitDenial | undefined {
    let longest: LimitDenial | undefined;
    for (const { key, retryMs, recheckMs, remaining } of response.refused) {
      const claim = request.claims.find((each) => each.limit.key === key);
      const state = this.#states.get(key);
      if (claim === undefined || state === undefined) continue;
      const { limit } = claim;
      state.remaining = remaining;
      state.deniedCost = remaining + 1;
      // Counted from before the object looked: a little early costs a question, a little late a wrong answer.
      state.deniedUntil = requestedAt + recheckMs;
      state.retryAt = now + retryMs;
      state.resetAt = Math.max(state.resetAt, state.retryAt);
      if (longest === undefined || retryMs > longest.retryMs) longest = { kind: "deny", limit, retryMs };
    }
    return longest;
  }

  #createRequest(claims: LeaseClaim[], pending: PendingRequest): LeaseRequest {
    const { requestedAt } = pending;
    for (const late of this.#pending.values()) {
      if (requestedAt - late.requestedAt < RESPONSE_TIMEOUT_MS) break;
      this.markLost(late.ask);
    }
    this.#requestCount += 1;
    this.#requestedAt = requestedAt;
    const request: LeaseRequest = {
      id: `${this.#id}-${this.#requestCount}`,
      claims,
      settled: this.#unsettled,
      demand: this.#demand,
      refused: this.#refusals,
    };
    this.#unsettled = [];
    this.#demand = 0;
    this.#refusals = {};
    this.#pending.set(request.id, { ...pending, ask: request });
    for (const { limit } of claims) {
      const state = this.#states.get(limit.key);
      if (state !== undefined) state.awaitedUntil = requestedAt + JOIN_TIMEOUT_MS;
    }
    return request;
  }

  #collectSettlements(now: number): void {
    for (const [key, state] of this.#states) {
      if (!state.leases.isEmpty) this.#unsettled.push(...state.leases.settle(now));
      else if (now - state.touchedAt > IDLE_TIMEOUT_MS) this.#states.delete(key);
    }
  }

  #createState(limit: Limit, now: number): LimitState {
    const state = createLimitState(limit, now);
    this.#states.set(limit.key, state);
    return state;
  }
}
