/**
 * All that a tenant's object decides about limits: its own gates, and the tokens of the system's capacity that every
 * request takes one of. What is sent to the global object, and when, is decided here too; the object only sends it.
 */

import type { Limit } from "../algorithms/limit.ts";
import { CapacityLease } from "./capacity-lease.ts";
import { LeaseIssuer, type LimiterStore } from "./issuer.ts";
import { LEASE_TTL_MS, type LeaseRequest, type LeaseResponse, SYSTEM_KEY } from "./protocol.ts";

/** The whole system's, which every request of every tenant counts against. */
export const SYSTEM_LIMIT: Limit = {
  name: "system-minute",
  key: SYSTEM_KEY,
  count: 5000,
  windowMs: 60_000,
  slots: 240,
  burst: 1,
};

export class TenantLimiter {
  readonly #issuer: LeaseIssuer;
  readonly #capacity: CapacityLease;

  /** `id` is new with every start of the object. */
  constructor(store: LimiterStore, id: string, now: number) {
    this.#capacity = new CapacityLease(id, SYSTEM_LIMIT, now);
    this.#issuer = new LeaseIssuer(store, new Map([[SYSTEM_KEY, this.#capacity]]));
  }

  /**
   * How many missing tokens of the system's capacity a request needs, where no other limit denies it: get
   * them by `buildCapacityRequest` and count again, a few times, because others may have been quicker. Then `issue`.
   */
  countMissingCapacity(request: LeaseRequest, now: number): number {
    this.#issuer.settle(request, now);
    const claim = request.claims.find(({ limit }) => limit.key === SYSTEM_KEY);
    const missing = claim === undefined ? 0 : this.#capacity.countMissing(claim, now);
    if (missing === 0) return 0;
    const isRefused = this.#issuer.findDenials(request, now).some(({ key }) => key !== SYSTEM_KEY);
    return isRefused ? 0 : missing;
  }

  issue(request: LeaseRequest, now: number): LeaseResponse {
    return this.#issuer.issue(request, now);
  }

  /** Once for each request, also for those that are answered twice. */
  recordDemand(requests: number, now: number): void {
    this.#capacity.recordDemand(requests, now);
  }

  /** The message to the global object: before the response, or in the background (0 missing); undefined for none. */
  buildCapacityRequest(missing: number, now: number): LeaseRequest | undefined {
    return this.#capacity.buildRequest(missing, now);
  }

  /** Somewhat later than the last request: so that others can use unused tokens. */
  buildCapacityRelease(now: number): LeaseRequest | undefined {
    return this.#capacity.buildRelease(now);
  }

  applyCapacityResponse(request: LeaseRequest, answer: LeaseResponse, now: number): void {
    this.#capacity.applyResponse(request, answer, now);
  }

  markCapacityRequestLost(request: LeaseRequest): void {
    this.#capacity.markLost(request);
  }
}

/** When to call `buildCapacityRelease` after a response: all leases have ended by then, and most are settled. */
export const RELEASE_DELAY_MS = 3 * LEASE_TTL_MS + 500;
