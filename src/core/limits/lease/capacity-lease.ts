/**
 * A tenant's tokens of the system's capacity: leased from the global object for a few seconds, lent on to isolates for
 * one. A tenant's object requests as many as its isolates need now, before they are spent.
 */

import type { LeaseSettlement, Limit } from "../algorithms/limit.ts";
import { RequestRate } from "../algorithms/request-rate.ts";
import { LeaseHolder, type LeasePart, settleSubleases } from "./holder.ts";
import type { IssuedLease, TokenSource } from "./issuer.ts";
import { LEASE_TTL_MS, type LeaseClaim, type LeaseRequest, type LeaseResponse } from "./protocol.ts";

/** What has less time left is only good for requests that wait. */
const SUBLEASE_TTL_MS = LEASE_TTL_MS;
/** The tokens should last that long, and more are requested when they last half of it. */
const PREFETCH_MS = 1500;
/** For the first request of a tenant that was quiet. */
const MIN_AHEAD = 4;
const RESPONSE_TIMEOUT_MS = 2000;
const RETRY_INTERVAL_MS = 250;

export class CapacityLease implements TokenSource {
  /** Its isolates are the only borrowers. Where the system has no more to give, none of them may keep all that is left. */
  readonly maxShare = (now: number) => (now < this.#scarceUntil ? 1 / 2 : 1);
  readonly minAhead = 1;
  readonly #limit: Limit;
  readonly #id: string;
  readonly #holder: LeaseHolder;
  readonly #subleases = new Map<string, readonly LeasePart[]>();
  #rate: RequestRate;
  #unreportedDemand = 0;
  #unsettled: LeaseSettlement[] = [];
  #requestCount = 0;
  #pending: { readonly ask: LeaseRequest; readonly at: number } | undefined;
  #refusedUntil = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;
  /** Less was granted than requested: until then, only callers who wait are worth another request. */
  #scarceUntil = Number.NEGATIVE_INFINITY;

  /** `id` is unique among all holders, also after a restart. */
  constructor(id: string, limit: Limit, now: number) {
    this.#id = id;
    this.#limit = limit;
    this.#holder = new LeaseHolder(limit);
    this.#rate = new RequestRate(now);
  }

  /** Requests that isolates have seen. */
  recordDemand(requests: number, now: number): void {
    this.#unreportedDemand += requests;
    this.#rate.count(now, requests);
  }

  available(now: number): number {
    return this.#holder.countRemaining(now);
  }

  waitMs(_count: number, now: number): number {
    return Math.max(RETRY_INTERVAL_MS, this.#retryAt - now);
  }

  resetMs(): number {
    return this.#limit.windowMs;
  }

  recheckMs(): number {
    return RETRY_INTERVAL_MS;
  }

  lease(leaseId: string, taken: number, ahead: number, now: number): IssuedLease | undefined {
    if (taken > 0 && this.#holder.spend(taken, now).length === 0) return undefined;
    const subleases = this.#holder.sublease(ahead, SUBLEASE_TTL_MS, now);
    if (subleases.length > 0) this.#subleases.set(leaseId, subleases);
    return { ahead: subleases.reduce((sum, { count }) => sum + count, 0), ttlMs: SUBLEASE_TTL_MS };
  }

  settle({ leaseId, uses }: LeaseSettlement, now: number): void {
    const subleases = this.#subleases.get(leaseId);
    if (subleases === undefined) return;
    this.#subleases.delete(leaseId);
    settleSubleases(subleases, uses, now);
  }

  /** How many missing tokens a claim needs, if requesting them before the response is worthwhile. */
  countMissing({ now: needed, ahead }: LeaseClaim, now: number): number {
    if (now < this.#refusedUntil) return 0;
    const missing = needed + ahead - this.#holder.countRemaining(now + SUBLEASE_TTL_MS);
    const isServed = now < this.#scarceUntil ? this.available(now) >= needed : missing <= 0;
    return isServed ? 0 : Math.max(1, missing);
  }

  /** Undefined while enough is there, or one request is on its way. `missing`: what callers wait for, at least. */
  buildRequest(missing: number, now: number): LeaseRequest | undefined {
    if (this.#pending !== undefined && now - this.#pending.at >= RESPONSE_TIMEOUT_MS)
      this.markLost(this.#pending.ask);
    if (this.#pending !== undefined || now < this.#refusedUntil) return undefined;
    const perMs = this.#rate.perMs(now);
    const remaining = this.#holder.countRemaining(now + PREFETCH_MS / 2);
    if (missing === 0 && remaining >= (perMs * PREFETCH_MS) / 2) return undefined;
    const ahead = Math.max(MIN_AHEAD, missing, Math.ceil(perMs * PREFETCH_MS) - remaining);
    return this.#createRequest(now, [{ limit: this.#limit, now: 0, ahead }]);
  }

  /** Settles expired leases even without demand, so that other tenants can use the capacity. */
  buildRelease(now: number): LeaseRequest | undefined {
    if (this.#pending !== undefined) return undefined;
    const hasSomething =
      this.#holder.hasExpiredUnspent(now) || this.#unsettled.length > 0 || this.#unreportedDemand > 0;
    return hasSomething ? this.#createRequest(now, []) : undefined;
  }

  applyResponse(request: LeaseRequest, response: LeaseResponse, now: number): void {
    if (this.#pending?.ask.id !== request.id) return;
    const { at } = this.#pending;
    this.#pending = undefined;
    const wanted = request.claims[0]?.ahead ?? 0;
    if ((response.granted[0]?.ahead ?? 0) < wanted) this.#scarceUntil = now + RETRY_INTERVAL_MS;
    for (const grant of response.granted) if (grant.ahead > 0) this.#holder.add(request.id, grant, at);
    for (const { retryMs, recheckMs } of response.refused) {
      this.#refusedUntil = now + Math.min(recheckMs, RETRY_INTERVAL_MS);
      this.#retryAt = now + retryMs;
    }
  }

  markLost(request: LeaseRequest): void {
    if (this.#pending?.ask.id !== request.id) return;
    this.#scarceUntil = this.#pending.at + RESPONSE_TIMEOUT_MS;
    this.#pending = undefined;
    this.#unreportedDemand += request.demand;
    this.#unsettled.push(...request.settled);
    if (request.claims.length > 0)
      this.#unsettled.push({ leaseId: request.id, limit: this.#limit, uses: [], isLost: true });
  }

  #createRequest(now: number, claims: LeaseRequest["claims"]): LeaseRequest {
    this.#unsettled.push(...this.#holder.settle(now));
    for (const [leaseId, subleases] of this.#subleases) {
      // The leases are settled; outstanding subleases count as spent.
      if (subleases.every(({ lease }) => now >= lease.until)) this.#subleases.delete(leaseId);
      else break;
    }
    this.#requestCount += 1;
    const request = {
      id: `${this.#id}-${this.#requestCount}`,
      claims,
      settled: this.#unsettled,
      demand: this.#unreportedDemand,
      refused: {},
    };
    this.#unsettled = [];
    this.#unreportedDemand = 0;
    this.#pending = { ask: request, at: now };
    return request;
  }
}
