/** One limit as an isolate holds it: its leases, how fast requests come, and what the tenant's object said last. */

import { maxTokens } from "../algorithms/limiter.ts";
import { RequestRate } from "../algorithms/request-rate.ts";
import { LeaseHolder } from "./holder.ts";
import { LEASE_TTL_MS, type Limit } from "./protocol.ts";

export interface LimitState {
  readonly leases: LeaseHolder;
  readonly rate: RequestRate;
  /** As the tenant's object told it last. */
  remaining: number;
  resetAt: number;
  deniedUntil: number;
  retryAt: number;
  /** Nothing is granted ahead: every request has to ask. */
  singleTokens: boolean;
  prefetchedAt: number;
  touchedAt: number;
}

/** A new lease is asked for when what is there would not last this long. */
export const REFILL_BELOW_MS = 300;
/** What is asked for should last this long: a lease's time and a little. */
const PREFETCH_MS = LEASE_TTL_MS + 200;

export function createLimitState(limit: Limit, now: number): LimitState {
  return {
    leases: new LeaseHolder(limit),
    rate: new RequestRate(now),
    remaining: maxTokens(limit),
    resetAt: now,
    deniedUntil: Number.NEGATIVE_INFINITY,
    retryAt: Number.NEGATIVE_INFINITY,
    singleTokens: false,
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

/** To be asked for on top, as far as it can be seen. */
export function prefetchCount(state: LimitState, now: number): number {
  // Requests that come at once would each ask for all that those to come may need.
  if (now - state.prefetchedAt < REFILL_BELOW_MS / 2) return 0;
  state.prefetchedAt = now;
  const missing =
    Math.ceil(state.rate.perMs(now) * PREFETCH_MS) - state.leases.countRemaining(now + REFILL_BELOW_MS);
  // A lease for one request that may not come is not worth its way back.
  return missing < 2 ? 0 : missing;
}
