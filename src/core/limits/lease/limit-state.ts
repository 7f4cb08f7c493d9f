/** One limit as an isolate holds it: its leases, how fast requests come, and the last response of the tenant's object. */

import type { Limit } from "../algorithms/limit.ts";
import { maxTokens } from "../algorithms/limiter.ts";
import { RequestRate } from "../algorithms/request-rate.ts";
import { LeaseHolder } from "./holder.ts";
import { LEASE_TTL_MS } from "./protocol.ts";

export interface LimitState {
  readonly leases: LeaseHolder;
  readonly rate: RequestRate;
  /** The remaining tokens according to the latest response of the tenant object. */
  remaining: number;
  resetAt: number;
  deniedUntil: number;
  /** Until then, calls that cost so much or more are denied. */
  deniedCost: number;
  retryAt: number;
  /** Nothing is granted ahead: every request needs one of its own. */
  singleTokens: boolean;
  /** Until when callers who lack a token wait for the response to a request that is on its way. */
  awaitedUntil: number;
  prefetchedAt: number;
  touchedAt: number;
}

/** A new lease is requested when the present tokens would not last this long. */
export const REFILL_BELOW_MS = 300;
/** Requested tokens should last this long: a lease's time and a little. */
const PREFETCH_MS = LEASE_TTL_MS + 200;
/** A smaller limit is not taken ahead for callers who wait: each of its tokens is requested by the caller that spends it. */
const MIN_POOLED_TOKENS = 1000;

export function createLimitState(limit: Limit, now: number): LimitState {
  return {
    leases: new LeaseHolder(limit),
    rate: new RequestRate(now),
    remaining: maxTokens(limit),
    resetAt: now,
    deniedUntil: Number.NEGATIVE_INFINITY,
    deniedCost: 1,
    retryAt: Number.NEGATIVE_INFINITY,
    singleTokens: false,
    awaitedUntil: Number.NEGATIVE_INFINITY,
    prefetchedAt: Number.NEGATIVE_INFINITY,
    touchedAt: now,
  };
}

/** A denial under other terms is not reused. */
export function updateLimit(state: LimitState, limit: Limit): void {
  const { count, burst } = state.leases.limit;
  if (limit.count !== count || limit.burst !== burst) state.deniedUntil = Number.NEGATIVE_INFINITY;
  state.leases.limit = limit;
}

export function needsRefill(
  { leases, rate, singleTokens, deniedUntil, touchedAt }: LimitState,
  now: number,
): boolean {
  if (singleTokens || deniedUntil > now || now - touchedAt > PREFETCH_MS) return false;
  return leases.countRemaining(now + REFILL_BELOW_MS) < rate.perMs(now) * REFILL_BELOW_MS;
}

export function isDenied({ deniedUntil, deniedCost }: LimitState, cost: number, now: number): boolean {
  return deniedUntil > now && cost >= deniedCost;
}

/** Whether one caller may request tokens for others. */
export function isPooled({ leases, singleTokens }: LimitState): boolean {
  return !singleTokens && maxTokens(leases.limit) >= MIN_POOLED_TOKENS;
}

/** Requested in addition: for waiting requests, and for those that the present rate predicts. */
export function prefetchCount(state: LimitState, now: number, waiting = 0): number {
  const forWaiting = isPooled(state) ? waiting : 0;
  // Simultaneous requests would each request all that later ones may need.
  if (now - state.prefetchedAt < REFILL_BELOW_MS / 2) return forWaiting;
  state.prefetchedAt = now;
  const missing =
    Math.ceil(state.rate.perMs(now) * PREFETCH_MS) - state.leases.countRemaining(now + REFILL_BELOW_MS);
  // A lease for one request that may not come is not worth its way back.
  return Math.max(forWaiting, missing < 2 ? 0 : missing);
}

/** The response to a request has arrived or timed out: the next may request what is still missing at once. */
export function endRequest(state: LimitState): void {
  state.awaitedUntil = Number.NEGATIVE_INFINITY;
  if (isPooled(state)) state.prefetchedAt = Number.NEGATIVE_INFINITY;
}
