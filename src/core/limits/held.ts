/** One limit as an isolate holds it: its leases, how fast requests come, and what the tenant's object said last. */
import { Demand } from "./demand.ts";
import { mostOf } from "./gate.ts";
import { Holding } from "./holding.ts";
import { LEASE_MS, type Limit } from "./lease.ts";

export interface Held {
  readonly holding: Holding;
  readonly demand: Demand;
  /** As the tenant's object told it last. */
  remaining: number;
  resetAt: number;
  deniedUntil: number;
  retryAt: number;
  /** Nothing is granted ahead: every request has to ask. */
  byOnes: boolean;
  aheadAskedAt: number;
  touchedAt: number;
}

/** A new lease is asked for when what is there would not last this long. */
export const LOW_MS = 300;
/** What is asked for should last this long: a lease's time and a little. */
const KEEP_MS = LEASE_MS + 200;

export function newHeld(limit: Limit, now: number): Held {
  return {
    holding: new Holding(limit),
    demand: new Demand(now),
    remaining: mostOf(limit),
    resetAt: now,
    deniedUntil: Number.NEGATIVE_INFINITY,
    retryAt: Number.NEGATIVE_INFINITY,
    byOnes: false,
    aheadAskedAt: Number.NEGATIVE_INFINITY,
    touchedAt: now,
  };
}

/** What was refused under other terms is asked again. */
export function changeTerms(held: Held, limit: Limit): void {
  const { count, burst } = held.holding.limit;
  if (limit.count !== count || limit.burst !== burst) held.deniedUntil = Number.NEGATIVE_INFINITY;
  held.holding.limit = limit;
}

export function isLow({ holding, demand, byOnes, deniedUntil, touchedAt }: Held, now: number): boolean {
  if (byOnes || deniedUntil > now || now - touchedAt > KEEP_MS) return false;
  return holding.left(now + LOW_MS) < demand.perMs(now) * LOW_MS;
}

/** To be asked for on top, as far as it can be seen. */
export function wantedAhead(held: Held, now: number): number {
  // Requests that come at once would each ask for all that those to come may need.
  if (now - held.aheadAskedAt < LOW_MS / 2) return 0;
  held.aheadAskedAt = now;
  const wanted = Math.ceil(held.demand.perMs(now) * KEEP_MS) - held.holding.left(now + LOW_MS);
  // A lease for one request that may not come is not worth its way back.
  return wanted < 2 ? 0 : wanted;
}
