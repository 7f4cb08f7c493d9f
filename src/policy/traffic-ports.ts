/** The dependencies of TenantTraffic and the results of its decisions. */
import type { AcquireResult } from "../core/limits/lease/client.ts";
import type {
  NewBan,
  PermitResponse,
  TenantSyncRequest,
  TenantSyncResponse,
} from "../core/limits/lease/sync-messages.ts";
import type { BreakerPermit, BreakerTerms } from "../core/resilience/breaker.ts";
import type { ObservedEpoch, WaitUntil } from "../core/tenant-cache.ts";

/** The part of the tenant's object that this takes. */
export interface TrafficObject {
  sync(call: TenantSyncRequest): Promise<TenantSyncResponse>;
  acquirePermit(serverId: string, terms: BreakerTerms): Promise<PermitResponse>;
}

export interface TrafficDeps {
  readonly getObject: (tenantId: string) => TrafficObject;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** The epoch comes with every answer. */
  readonly onEpoch: (tenantId: string, epoch: ObservedEpoch, askedAt: number) => void;
  /** Called while transitions of breakers or crossings of budgets wait to be written. */
  readonly onTransitions: (tenantId: string) => Promise<void>;
  /** Addresses have been banned by what this isolate has reported: each is passed on once. */
  readonly onBans: (tenantId: string, bans: readonly NewBan[], background: WaitUntil) => void;
}

/** The properties of a server that its circuit breaker uses. */
export interface ProtectedServer {
  readonly id: string;
  readonly breaker: BreakerTerms;
}

/** A breaker's answer to a request for a permit; without `pass` the call must not be sent. */
export interface PermitDecision {
  readonly permit: BreakerPermit | undefined;
  /** When the next request for a permit can succeed; 0 with a permit. */
  readonly retryMs: number;
  /** An administrator holds the breaker open: it does not close by itself. */
  readonly isForcedOpen: boolean;
}

export type CapacityShare = NonNullable<TenantSyncRequest["share"]>;

export type AdmissionResult = Exclude<AcquireResult, { kind: "request" }> | { readonly kind: "unavailable" };
