/**
 * Issues leases on limits: the tenant object on those of roles, users, keys and IP addresses. A token is deducted when
 * it is leased, so the sum of all admissions never exceeds a limit, whatever messages are lost and whatever restarts,
 * provided that the store writes before the response leaves.
 */

import type { LeaseSettlement, Limit } from "../algorithms/limit.ts";
import {
  countAvailable,
  EMPTY_LIMITER,
  hasOutstanding,
  hasSingleHolder,
  type LimiterState,
  maxTokens,
  msUntilAvailable,
  msUntilReset,
  reserve,
  settle,
  toLimiterTerms,
} from "../algorithms/limiter.ts";
import {
  type LeaseClaim,
  type LeaseDenial,
  type LeaseGrant,
  type LeaseRequest,
  type LeaseResponse,
  leaseTtlMs,
} from "./protocol.ts";

export interface LimiterStore {
  get(key: string): LimiterState | undefined;
  /** From `forgetAt` on the gate is as good as new and need not be kept. */
  put(key: string, gate: LimiterState, expiresAt: number): void;
}

/** Tokens for one key. */
export interface TokenSource {
  available(now: number): number;
  /** How much of what is available one borrower may keep for later. */
  maxShare(now: number): number;
  /** Less than that is not kept. */
  readonly minAhead: number;
  /** Until so many are there again, and until some may be given back. */
  waitMs(count: number, now: number): number;
  recheckMs(count: number, now: number): number;
  resetMs(now: number): number;
  /** `taken` is spent now. Ahead it may grant less than requested; undefined if nothing comes of it. */
  lease(leaseId: string, taken: number, ahead: number, now: number): IssuedLease | undefined;
  settle(settlement: LeaseSettlement, now: number): void;
}

export type IssuedLease = Pick<LeaseGrant, "ahead" | "ttlMs">;

/**
 * Who is alone may keep that part of what is left; who is not, the smaller part. Less than a few are not worth keeping: a limit that is nearly spent is taken by ones, and so is a small one always.
 */
const MAX_SHARE_ALONE = 1 / 2;
const MAX_SHARE_SHARED = 1 / 20;
const MIN_AHEAD = 5;
const SMALL_LIMIT = 100;
/** Someone who waits for what others may give back looks again after this. */
export const RECHECK_MS = 250;

export class LeaseIssuer {
  readonly #store: LimiterStore;
  readonly #sources: ReadonlyMap<string, TokenSource>;

  /** `special`: keys whose tokens come from somewhere else than a gate. */
  constructor(store: LimiterStore, sources: ReadonlyMap<string, TokenSource> = new Map()) {
    this.#store = store;
    this.#sources = sources;
  }

  issue(request: LeaseRequest, now: number): LeaseResponse {
    this.settle(request, now);
    const refused = this.findDenials(request, now);
    if (refused.length > 0) return { granted: [], refused };
    const granted = request.claims.flatMap((claim) =>
      issueGrant(request.id, claim, this.#getSource(claim.limit), now),
    );
    return { granted, refused };
  }

  /** The limits that have no token for the caller that waits. */
  findDenials({ claims }: LeaseRequest, now: number): LeaseDenial[] {
    return claims.flatMap(({ limit, now: needed }) => {
      const source = this.#getSource(limit);
      const remaining = source.available(now);
      if (needed <= remaining) return [];
      const [retryMs, recheckMs] = [source.waitMs(needed, now), source.recheckMs(needed, now)];
      return [{ key: limit.key, retryMs, recheckMs, remaining }];
    });
  }

  /** The second report of the same has no effect. */
  settle({ settled }: LeaseRequest, now: number): void {
    for (const settlement of settled) this.#getSource(settlement.limit).settle(settlement, now);
  }

  #getSource(limit: Limit): TokenSource {
    return this.#sources.get(limit.key) ?? createLimiterSource(this.#store, limit);
  }
}

function issueGrant(
  leaseId: string,
  { limit, ahead: requested, now: needed }: LeaseClaim,
  source: TokenSource,
  now: number,
) {
  const room = Math.floor((source.available(now) - needed) * source.maxShare(now));
  const ahead = room < source.minAhead ? 0 : Math.min(requested, room);
  const issued = needed + ahead > 0 ? source.lease(leaseId, needed, ahead, now) : undefined;
  if (issued === undefined) return [];
  const { key } = limit;
  return [{ key, ...issued, remaining: source.available(now), resetMs: source.resetMs(now) }];
}

function createLimiterSource(store: LimiterStore, limit: Limit): TokenSource {
  const terms = toLimiterTerms(limit);
  const untilReset = (now: number) =>
    limit.resetsAt === undefined ? msUntilReset(state, terms, now) : Math.max(0, limit.resetsAt - now);
  const untilAvailable = (count: number, now: number) =>
    limit.resetsAt === undefined ? msUntilAvailable(state, terms, count, now) : untilReset(now);
  let state = store.get(limit.key) ?? EMPTY_LIMITER;
  const save = (next: LimiterState, now: number) => {
    state = next;
    store.put(limit.key, state, now + untilReset(now));
  };
  return {
    maxShare: (now) => (hasSingleHolder(state, now) ? MAX_SHARE_ALONE : MAX_SHARE_SHARED),
    minAhead: maxTokens(limit) < SMALL_LIMIT ? Number.POSITIVE_INFINITY : MIN_AHEAD,
    available: (now) => countAvailable(state, terms, now),
    waitMs: untilAvailable,
    recheckMs: (count, now) =>
      Math.min(untilAvailable(count, now), hasOutstanding(state, now) ? RECHECK_MS : Infinity),
    resetMs: untilReset,
    lease(leaseId, taken, ahead, now) {
      const ttlMs = leaseTtlMs(limit);
      const usableUntil = ahead > 0 ? now + ttlMs : now;
      save(reserve(state, terms, { leaseId, taken, at: now, ahead, usableUntil }, now), now);
      return { ahead, ttlMs };
    },
    settle(settlement, now) {
      const next = settle(state, terms, settlement, now);
      if (next !== undefined) save(next, now);
    },
  };
}
