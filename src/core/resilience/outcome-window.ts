/** How the last calls went: of the last so many, or of the last so long, counted in buckets that are dropped whole. */
export interface OutcomeCounts {
  readonly total: number;
  readonly failures: number;
  /** Succeeded, but took too long. */
  readonly slow: number;
}

export type OutcomeWindowTerms = { readonly calls: number } | { readonly ms: number };

interface Bucket extends OutcomeCounts {
  readonly since: number;
}

/** Oldest first. */
export type OutcomeWindow = readonly Bucket[];

export const EMPTY_WINDOW: OutcomeWindow = [];

const BUCKETS = 10;

/** A window of time holds the last bucket and nine before it, so between nine and ten tenths of its length. */
export function addOutcome(
  record: OutcomeWindow,
  calls: OutcomeCounts,
  window: OutcomeWindowTerms,
  now: number,
): OutcomeWindow {
  const kept = current(record, window, now);
  const last = kept.at(-1);
  if (last === undefined || isFull(last, window, now))
    return current([...kept, { ...calls, since: now }], window, now);
  return current([...kept.slice(0, -1), { ...addCounts(last, calls), since: last.since }], window, now);
}

export function sumOutcomes(record: OutcomeWindow, window: OutcomeWindowTerms, now: number): OutcomeCounts {
  return current(record, window, now).reduce<OutcomeCounts>(addCounts, { total: 0, failures: 0, slow: 0 });
}

function isFull(bucket: Bucket, window: OutcomeWindowTerms, now: number): boolean {
  if ("calls" in window) return bucket.total >= Math.ceil(window.calls / BUCKETS);
  return now - bucket.since >= window.ms / BUCKETS;
}

function current(record: OutcomeWindow, window: OutcomeWindowTerms, now: number): OutcomeWindow {
  if ("ms" in window) return record.filter(({ since }) => now - since < window.ms);
  let later = record.reduce((calls, { total }) => calls + total, 0);
  // As long as the later ones alone make up the window, the oldest is not needed.
  return record.filter(({ total }) => {
    later -= total;
    return later < window.calls;
  });
}

const addCounts = (one: OutcomeCounts, other: OutcomeCounts): OutcomeCounts => ({
  total: one.total + other.total,
  failures: one.failures + other.failures,
  slow: one.slow + other.slow,
});
