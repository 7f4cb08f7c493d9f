/**
 * All that a tenant's object decides about limits: its own gates, and the tokens of the system's capacity that every
 * request takes one of. What is said to the global object, and when, is decided here too; the object only carries it.
 */

import { CapacityLease } from "./capacity-lease.ts";
import { LeaseIssuer, type LimiterStore } from "./issuer.ts";
import { LEASE_TTL_MS, type LeaseRequest, type LeaseResponse, type Limit, SYSTEM_KEY } from "./protocol.ts";

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
   * `askFirst`: nothing stands against the request but that there are no tokens of the system's here; get some by
   * `buildCapacityRequest(true)` and answer again, a few times: others may have been quicker.
   */
  issue(request: LeaseRequest, now: number): { answer: LeaseResponse; askFirst: boolean } {
    const answer = this.#issuer.issue(request, now);
    const onlySystem = answer.refused.length > 0 && answer.refused.every(({ key }) => key === SYSTEM_KEY);
    return { answer, askFirst: onlySystem && this.#capacity.isEmpty(now) };
  }

  /** Once for each ask, also for those that are answered twice. */
  recordDemand(requests: number, now: number): void {
    this.#capacity.recordDemand(requests, now);
  }

  /** What to say to the global object: before answering (`waits`), or in the background; undefined for nothing. */
  buildCapacityRequest(isWaiting: boolean, now: number): LeaseRequest | undefined {
    return this.#capacity.buildRequest(isWaiting, now);
  }

  /** Somewhat later than the last ask: so that what was not used can be used by others. */
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

/** When to call `buildCapacityRelease` after an answer: all leases are over by then, and most have been told of. */
export const RELEASE_DELAY_MS = 3 * LEASE_TTL_MS + 500;
