/**
 * What isolates, tenants and the system say to one another about limits. Whoever holds a limit hands out leases:
 * tokens that are taken from the limit at once and may be spent for a short while without asking again. Whoever
 * leases tells afterwards what it has spent, and the rest goes back. What is never told of counts as spent, so a lost
 * message can cost a token but never mint one.
 *
 * No message carries a point in time, only durations: the parties' clocks need not agree.
 */

export interface Limit {
  /** As clients read it in RateLimit-Policy. */
  readonly name: string;
  /** Whose tokens: the subject and the window. */
  readonly key: string;
  readonly count: number;
  readonly windowMs: number;
  /** Into how many slots the window is cut; 60 where nothing is said. */
  readonly slots?: number;
  /** How many times `count` may be spent in one window by whoever was quiet before; in the long run it is `count`. */
  readonly burst: number;
}

export interface LeaseClaim {
  readonly limit: Limit;
  /** One for the request that waits for the answer. All claims of an ask with a one are granted, or none. */
  readonly now: 0 | 1;
  /** To keep for those that come next; less is granted where little is left. */
  readonly ahead: number;
}

/** So many were spent by then; negative while others may still spend them for so long. */
export interface LeaseUsage {
  readonly ageMs: number;
  readonly count: number;
}

export interface LeaseSettlement {
  readonly leaseId: string;
  readonly limit: Limit;
  /** Of those granted ahead. */
  readonly uses: readonly LeaseUsage[];
  /** The answer never came: not even the request that waited was admitted by it. */
  readonly isLost: boolean;
}

export interface LeaseRequest {
  /** Unique among all that anybody asks. */
  readonly id: string;
  readonly claims: readonly LeaseClaim[];
  readonly settled: readonly LeaseSettlement[];
  /** Requests that came since the last ask, admitted or not. */
  readonly demand: number;
  /** By name of the limit: how many the asker refused by itself since the last ask. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface LeaseGrant {
  readonly key: string;
  /** Beside the one for the request that waits. */
  readonly ahead: number;
  /** To be spent within this time of asking, not of hearing. */
  readonly ttlMs: number;
  /** What is left for everybody. */
  readonly remaining: number;
  /** Until all is there again, if nobody spends any more. */
  readonly resetMs: number;
}

export interface LeaseRefusal {
  readonly key: string;
  /** Until the limit itself has a token again. */
  readonly retryMs: number;
  /** Until it may have one, because somebody gives back what they have not used. */
  readonly recheckMs: number;
}

export interface LeaseResponse {
  readonly granted: readonly LeaseGrant[];
  readonly refused: readonly LeaseRefusal[];
}

export const LEASE_TTL_MS = 1000;

/** A lease must be short beside its window. */
export function leaseTtlMs(limit: Limit): number {
  return Math.min(LEASE_TTL_MS, Math.max(200, limit.windowMs / 10));
}

/** The tokens that the tenant's object has of the system's capacity; every request of a tenant takes one. */
export const SYSTEM_KEY = "system";
