/**
 * A limit's state: a bucket and a sliding window, both of which must admit, and what is out on lease. The window holds
 * at most `count × burst`, wherever it begins; the bucket makes it `count` in the long run. (Without a burst the window
 * alone would do.) What is taken for a request
 * that waits is spent at once; a lease is charged to the moment when it can be spent at the latest, until its holder
 * reports otherwise.
 */

import { DAY_MS } from "../../durations.ts";
import type { LeaseSettlement, Limit } from "./limit.ts";
import {
  addToWindow,
  EMPTY_WINDOW,
  msUntilAllFreed,
  msUntilFreed,
  type SlidingWindow,
  slotAt,
  slotStart,
  sumSpent,
} from "./sliding-window.ts";
import {
  type Bucket,
  type BucketTerms,
  countTokens,
  EMPTY_BUCKET,
  msUntilTokens,
  takeTokens,
} from "./token-bucket.ts";

export interface LimiterState {
  readonly bucket: Bucket;
  readonly window: SlidingWindow;
  /** Leases that are not settled yet. They are stored with the state, so that a restart loses none. */
  readonly out: readonly OutstandingLease[];
}

export interface OutstandingLease {
  readonly leaseId: string;
  /** Spent at `at`, by the request that waited for the answer. */
  readonly taken: number;
  readonly at: number;
  /** To be spent until `usableUntil`. */
  readonly ahead: number;
  readonly usableUntil: number;
}

export const EMPTY_LIMITER: LimiterState = { bucket: EMPTY_BUCKET, window: EMPTY_WINDOW, out: [] };

export type LimiterTerms = Pick<Limit, "count" | "windowMs" | "burst" | "slots">;

/** Longer than a calendar period, in one slot: nothing is freed before the period ends, and its key with it. */
export const PERIOD_TERMS = { windowMs: 64 * DAY_MS, slots: 1, burst: 1 };

export const toLimiterTerms = (limit: Limit): LimiterTerms =>
  limit.resetsAt === undefined ? limit : { ...PERIOD_TERMS, count: limit.count };

/** What has been spent, without what is on lease and may be given back. */
export function countSpent({ window, out }: LimiterState, limit: LimiterTerms, now: number): number {
  const onLease = out.reduce(
    (sum, { ahead, usableUntil }) => sum + (now - usableUntil < SETTLEMENT_TIMEOUT_MS ? ahead : 0),
    0,
  );
  return sumSpent(window, limit, now) - onLease;
}

/** A lease that is not settled by then counts as spent completely. */
const SETTLEMENT_TIMEOUT_MS = 3000;
const MIN_LEASES_TO_JUDGE = 4;
/** Sums of fractions of tokens come out a hair short of the whole. */
const ROUNDING_TOLERANCE = 1e-6;

export const maxTokens = (limit: LimiterTerms) => Math.floor(limit.count * limit.burst);

const toBucketTerms = (limit: LimiterTerms): BucketTerms => ({
  depth: maxTokens(limit),
  perMs: limit.count / limit.windowMs,
});

/**
 * The bucket fills in steps, with the slots of the window: between two steps a request gains nothing,
 * and the order within a few milliseconds matters little.
 */
const stepStart = (limit: LimiterTerms, now: number) => slotStart(limit, slotAt(limit, now));

export function countAvailable(state: LimiterState, limit: LimiterTerms, now: number): number {
  const inBucket = countTokens(state.bucket, toBucketTerms(limit), stepStart(limit, now));
  const inWindow = maxTokens(limit) - sumSpent(state.window, limit, now);
  return Math.max(0, Math.floor(Math.min(inBucket, inWindow) + ROUNDING_TOLERANCE));
}

/** Deducts tokens that are spent immediately, without a lease. */
export function spend(state: LimiterState, limit: LimiterTerms, count: number, now: number): LimiterState {
  return addSpent(state, limit, count, now, now);
}

export function reserve(
  state: LimiterState,
  limit: LimiterTerms,
  lease: OutstandingLease,
  now: number,
): LimiterState {
  const known = state.out.filter(({ usableUntil }) => now - usableUntil < SETTLEMENT_TIMEOUT_MS);
  const taken = addSpent(state, limit, lease.taken, lease.at, now);
  return { ...addSpent(taken, limit, lease.ahead, lease.usableUntil, now), out: [...known, lease] };
}

/** Returns undefined if the lease is not outstanding: it was settled before or has expired. */
export function settle(
  state: LimiterState,
  limit: LimiterTerms,
  settlement: LeaseSettlement,
  now: number,
): LimiterState | undefined {
  const lease = state.out.find(({ leaseId }) => leaseId === settlement.leaseId);
  if (lease === undefined) return undefined;
  const out = state.out.filter((other) => other !== lease);
  const { taken, at, ahead, usableUntil } = lease;
  let next = addSpent({ ...state, out }, limit, -ahead, usableUntil, now);
  if (settlement.isLost) next = addSpent(next, limit, -taken, at, now);
  let left = ahead;
  for (const { count, ageMs } of settlement.uses) {
    const used = Math.min(count, left);
    left -= used;
    next = addSpent(next, limit, used, Math.min(now - ageMs, usableUntil), now);
  }
  return next;
}

/** The last few requests all came from one holder; the prefix of a request's number identifies it. */
export function hasSingleHolder(state: LimiterState, now: number): boolean {
  const recent = state.out.filter(({ usableUntil }) => now - usableUntil < SETTLEMENT_TIMEOUT_MS);
  const holders = new Set(recent.map(({ leaseId }) => leaseId.slice(0, leaseId.lastIndexOf("-"))));
  return recent.length >= MIN_LEASES_TO_JUDGE && holders.size === 1;
}

/** Some may still come back. */
export function hasOutstanding(state: LimiterState, now: number): boolean {
  return state.out.some(({ ahead, usableUntil }) => ahead > 0 && now - usableUntil < SETTLEMENT_TIMEOUT_MS);
}

/** Returns the time until `count` tokens are available if no others are taken. */
export function msUntilAvailable(
  state: LimiterState,
  limit: LimiterTerms,
  count: number,
  now: number,
): number {
  const max = maxTokens(limit);
  if (count > max) return Number.POSITIVE_INFINITY;
  const excess = sumSpent(state.window, limit, now) + count - max;
  return Math.max(msUntilStep(state, limit, count, now), msUntilFreed(state.window, limit, excess, now));
}

/** Until all is there again. */
export function msUntilReset(state: LimiterState, limit: LimiterTerms, now: number): number {
  return Math.max(
    msUntilStep(state, limit, maxTokens(limit), now),
    msUntilAllFreed(state.window, limit, now),
  );
}

function msUntilStep(state: LimiterState, limit: LimiterTerms, count: number, now: number): number {
  const step = stepStart(limit, now);
  const ms = msUntilTokens(state.bucket, toBucketTerms(limit), count - ROUNDING_TOLERANCE, step);
  if (ms === 0) return 0;
  const stepMs = slotStart(limit, 1);
  return step + Math.ceil(ms / stepMs) * stepMs - now;
}

/** A negative count takes back what was noted for that moment. */
function addSpent(
  state: LimiterState,
  limit: LimiterTerms,
  count: number,
  at: number,
  now: number,
): LimiterState {
  if (count === 0) return state;
  return {
    bucket: takeTokens(state.bucket, toBucketTerms(limit), count, stepStart(limit, now)),
    window: addToWindow(state.window, limit, count, at, now),
    out: state.out,
  };
}
