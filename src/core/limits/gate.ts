/**
 * A limit's state: a bucket and a sliding window, both of which must admit, and what is out on lease. The window holds
 * at most `count × burst`, wherever it begins; the bucket makes it `count` in the long run. (Without a burst the window
 * alone would do.) What is taken for a request
 * that waits is spent at once; a lease is charged to the moment when it can be spent at the latest, until its holder
 * tells better.
 */
import { type Bucket, type BucketTerms, EMPTY_BUCKET, msUntilTokens, takeFrom, tokensIn } from "./bucket.ts";
import type { Limit, Settlement } from "./lease.ts";
import {
  EMPTY_WINDOW,
  msUntilAllFreed,
  msUntilFreed,
  note,
  type SlidingWindow,
  slotOf,
  spentIn,
  startOf,
} from "./window.ts";

export interface Gate {
  readonly bucket: Bucket;
  readonly window: SlidingWindow;
  /** Leases that nobody has told of yet. Kept with the rest, so that a restart loses none. */
  readonly out: readonly Out[];
}

export interface Out {
  readonly askId: string;
  /** Spent at `at`, by the request that waited for the answer. */
  readonly taken: number;
  readonly at: number;
  /** To be spent until `usableUntil`. */
  readonly ahead: number;
  readonly usableUntil: number;
}

export const OPEN_GATE: Gate = { bucket: EMPTY_BUCKET, window: EMPTY_WINDOW, out: [] };

type Terms = Pick<Limit, "count" | "windowMs" | "burst" | "slots">;

/** A holder who has not told by then never will, and has spent it all. */
const PATIENCE_MS = 3000;
const A_FEW = 4;
/** Sums of fractions of tokens come out a hair short of the whole. */
const HAIR = 1e-6;

export const mostOf = (limit: Terms) => Math.floor(limit.count * limit.burst);

const termsOf = (limit: Terms): BucketTerms => ({
  depth: mostOf(limit),
  perMs: limit.count / limit.windowMs,
});

/**
 * The bucket fills in steps, with the slots of the window: between two steps there is nothing to be gained by asking,
 * and it matters little who asks a few milliseconds sooner.
 */
const stepAt = (limit: Terms, now: number) => startOf(limit, slotOf(limit, now));

export function available(gate: Gate, limit: Terms, now: number): number {
  const inBucket = tokensIn(gate.bucket, termsOf(limit), stepAt(limit, now));
  const inWindow = mostOf(limit) - spentIn(gate.window, limit, now);
  return Math.max(0, Math.floor(Math.min(inBucket, inWindow) + HAIR));
}

/** Spent now, by whoever asks directly. */
export function spend(gate: Gate, limit: Terms, count: number, now: number): Gate {
  return change(gate, limit, count, now, now);
}

export function lend(gate: Gate, limit: Terms, lease: Out, now: number): Gate {
  const known = gate.out.filter(({ usableUntil }) => now - usableUntil < PATIENCE_MS);
  const taken = change(gate, limit, lease.taken, lease.at, now);
  return { ...change(taken, limit, lease.ahead, lease.usableUntil, now), out: [...known, lease] };
}

/** Undefined where nothing is known of the lease: it was told of before, or too late. */
export function settle(gate: Gate, limit: Terms, told: Settlement, now: number): Gate | undefined {
  const lease = gate.out.find(({ askId }) => askId === told.askId);
  if (lease === undefined) return undefined;
  const out = gate.out.filter((other) => other !== lease);
  const { taken, at, ahead, usableUntil } = lease;
  let next = change({ ...gate, out }, limit, -ahead, usableUntil, now);
  if (told.isLost) next = change(next, limit, -taken, at, now);
  let left = ahead;
  for (const { count, ageMs } of told.uses) {
    const used = Math.min(count, left);
    left -= used;
    next = change(next, limit, used, Math.min(now - ageMs, usableUntil), now);
  }
  return next;
}

/** Of the last few asks all came from one holder; it is known by what stands before the number of the ask. */
export function isAlone(gate: Gate, now: number): boolean {
  const recent = gate.out.filter(({ usableUntil }) => now - usableUntil < PATIENCE_MS);
  const holders = new Set(recent.map(({ askId }) => askId.slice(0, askId.lastIndexOf("-"))));
  return recent.length >= A_FEW && holders.size === 1;
}

/** Some may still come back. */
export function isLent(gate: Gate, now: number): boolean {
  return gate.out.some(({ ahead, usableUntil }) => ahead > 0 && now - usableUntil < PATIENCE_MS);
}

/** Until so many are available, if nobody takes any before. */
export function waitMs(gate: Gate, limit: Terms, count: number, now: number): number {
  const most = mostOf(limit);
  if (count > most) return Number.POSITIVE_INFINITY;
  const tooMuch = spentIn(gate.window, limit, now) + count - most;
  return Math.max(msUntilStep(gate, limit, count, now), msUntilFreed(gate.window, limit, tooMuch, now));
}

/** Until all is there again. */
export function resetMs(gate: Gate, limit: Terms, now: number): number {
  return Math.max(msUntilStep(gate, limit, mostOf(limit), now), msUntilAllFreed(gate.window, limit, now));
}

function msUntilStep(gate: Gate, limit: Terms, count: number, now: number): number {
  const step = stepAt(limit, now);
  const ms = msUntilTokens(gate.bucket, termsOf(limit), count - HAIR, step);
  if (ms === 0) return 0;
  const stepMs = startOf(limit, 1);
  return step + Math.ceil(ms / stepMs) * stepMs - now;
}

/** A negative count takes back what was noted for that moment. */
function change(gate: Gate, limit: Terms, count: number, at: number, now: number): Gate {
  if (count === 0) return gate;
  return {
    bucket: takeFrom(gate.bucket, termsOf(limit), count, stepAt(limit, now)),
    window: note(gate.window, limit, count, at, now),
    out: gate.out,
  };
}
