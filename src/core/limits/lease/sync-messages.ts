/** The messages between isolates and a tenant's object: one call carries all of them. */

import type { BreakerPermit } from "../../resilience/breaker.ts";
import type { BreakerReport, BreakerView } from "../../resilience/breakers.ts";
import type { ObservedEpoch } from "../../tenant-cache.ts";
import type { CapacityTerms } from "./capacity-shares.ts";
import type { LeaseRequest, LeaseResponse } from "./protocol.ts";

export interface Violation {
  /** See clientPrefix. */
  readonly place: string;
  readonly count: number;
}

export interface TenantSyncRequest {
  readonly leaseRequest?: LeaseRequest | undefined;
  /** The tenant's weight and burst factor, as the snapshot has them. */
  readonly share?: Omit<CapacityTerms, "predicted"> | undefined;
  readonly reports?: readonly BreakerReport[] | undefined;
  readonly violations?: readonly Violation[] | undefined;
  /** What brings a ban, as the sender's snapshot has it. */
  readonly banTerms?: BanTerms | undefined;
  /** The version of the bans that the isolate has; undefined for none. */
  readonly bansKnown?: number | undefined;
}

export interface BanTerms {
  /** So many refused requests in one window bring a ban. */
  readonly violations: number;
  readonly windowMs: number;
  readonly firstMs: number;
  readonly longestMs: number;
  /** Each ban lasts so many times as long as the one before. */
  readonly growth: number;
  /** Of good conduct, counted from the end of the last ban, until the next ban is a first one again. */
  readonly forgetMs: number;
}

export interface Ban {
  readonly place: string;
  readonly forMs: number;
}

/** A ban that has just begun. */
export interface NewBan extends Ban {
  /** The rejected requests that brought it. */
  readonly violations: number;
}

export interface TenantSyncResponse {
  readonly epoch: ObservedEpoch;
  /** The latest system epoch that the tenant object has received. */
  readonly systemEpoch: number;
  readonly leaseResponse: LeaseResponse | undefined;
  readonly breakers: readonly BreakerView[];
  /** A breaker's transition or a budget's crossing waits to be written to the database. */
  readonly hasTransitions: boolean;
  /** All that are in force; undefined where the isolate has them already. */
  readonly bans: { readonly version: number; readonly bans: readonly Ban[] } | undefined;
  /** Bans that this call caused; the caller records them. */
  readonly newBans: readonly NewBan[];
}

export interface PermitResponse {
  readonly epoch: number;
  readonly permit: BreakerPermit | undefined;
  readonly retryMs: number;
  readonly breakers: readonly BreakerView[];
}
