/**
 * The messages about rate limits between isolates, tenant objects and the global object. The holder of a limit grants
 * leases: tokens that are deducted from the limit immediately and may be spent for a short time without another
 * request. The lessee later settles what it spent, and the remainder is returned. An unsettled lease counts as spent,
 * so a lost message can waste tokens but never create them.
 *
 * Messages contain durations and no points in time, so the clocks of the parties need not agree.
 */
import type { LeaseSettlement, Limit } from "../algorithms/limit.ts";

export interface LeaseClaim {
  readonly limit: Limit;
  /** For the request that waits for the response. The claims of a request that waits are all granted, or none. */
  readonly now: number;
  /** To keep for those that come next; less is granted where little is left. */
  readonly ahead: number;
}

export interface LeaseRequest {
  /** Unique among all requests. */
  readonly id: string;
  readonly claims: readonly LeaseClaim[];
  readonly settled: readonly LeaseSettlement[];
  /** Requests since the last message, admitted or not. */
  readonly demand: number;
  /** By name of the limit: how many the isolate denied by itself since the last message. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface LeaseGrant {
  readonly key: string;
  /** Beside the one for the request that waits. */
  readonly ahead: number;
  /** To be spent within this time from the request, not from the response. */
  readonly ttlMs: number;
  /** The tokens that remain for all lessees. */
  readonly remaining: number;
  /** The time until the limit is fully available again without further spending. */
  readonly resetMs: number;
}

export interface LeaseDenial {
  readonly key: string;
  /** Until the limit itself has a token again. */
  readonly retryMs: number;
  /** The time after which a retry may succeed because unused tokens are returned. */
  readonly recheckMs: number;
  /** The tokens that are left, which were too few for the request that waited. */
  readonly remaining: number;
}

export interface LeaseResponse {
  readonly granted: readonly LeaseGrant[];
  readonly refused: readonly LeaseDenial[];
}

export const LEASE_TTL_MS = 1000;

/** A lease must be short beside its window. */
export function leaseTtlMs(limit: Limit): number {
  return Math.min(LEASE_TTL_MS, Math.max(200, limit.windowMs / 10));
}

/** The tokens that the tenant's object has of the system's capacity; every request of a tenant takes one. */
export const SYSTEM_KEY = "system";
