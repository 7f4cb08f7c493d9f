/** One limit as an isolate holds it: its leases, how fast requests come, and what the tenant's object said last. */

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
  retryAt: number;
  /** Nothing is granted ahead: every request has to ask. */
  singleTokens: boolean;
  /** Until when callers who lack a token wait for the response to a request that is on its way. */
  awaitedUntil: number;
  prefetchedAt: number;
  touchedAt: number;
}

/** A new lease is asked for when what is there would not last this long. */
export const REFILL_BELOW_MS = 300;
/** What is asked for should last this long: a lease's time and a little. */
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
    retryAt: Number.NEGATIVE_INFINITY,
    singleTokens: false,
    awaitedUntil: Number.NEGATIVE_INFINITY,
    prefetchedAt: Number.NEGATIVE_INFINITY,
    touchedAt: now,
  };
}

/** What was refused under other terms is asked again. */
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

/** Whether one caller may request tokens for others. */
export function isPooled({ leases, singleTokens }: LimitState): boolean {
  return !singleTokens && maxTokens(leases.limit) >= MIN_POOLED_TOKENS;
}

/** To be asked for on top: for those who wait already, and for those who will come, as far as it can be seen. */
export function prefetchCount(state: LimitState, now: number, waiting = 0): number {
  const forWaiting = isPooled(state) ? waiting : 0;
  // Requests that come at once would each ask for all that those to come may need.
  if (now - state.prefetchedAt < REFILL_BELOW_MS / 2) return forWaiting;
  state.prefetchedAt = now;
  const missing =
    Math.ceil(state.rate.perMs(now) * PREFETCH_MS) - state.leases.countRemaining(now + REFILL_BELOW_MS);
  // A lease for one request that may not come is not worth its way back.
  return Math.max(forWaiting, missing < 2 ? 0 : missing);
}

/** The response to a request is here, or given up: the next may ask for what is still missing at once. */
export function endRequest(state: LimitState): void {
  state.awaitedUntil = Number.NEGATIVE_INFINITY;
  if (isPooled(state)) state.prefetchedAt = Number.NEGATIVE_INFINITY;
}
