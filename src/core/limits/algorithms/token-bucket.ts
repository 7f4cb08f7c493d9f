/**
 * A token bucket, kept as what is owed rather than what is there, so that a limit can change at run time: `depth` and
 * `rate` are the limit's, the debt is the subject's.
 */
export interface Bucket {
  readonly debt: number;
  /** Milliseconds. */
  readonly at: number;
}

export interface BucketTerms {
  readonly depth: number;
  readonly perMs: number;
}

export const EMPTY_BUCKET: Bucket = { debt: 0, at: 0 };

function debtAt(bucket: Bucket, terms: BucketTerms, now: number): number {
  return Math.max(0, bucket.debt - Math.max(0, now - bucket.at) * terms.perMs);
}

export function countTokens(bucket: Bucket, terms: BucketTerms, now: number): number {
  return terms.depth - debtAt(bucket, terms, now);
}

/** A negative count gives back. */
export function takeTokens(bucket: Bucket, terms: BucketTerms, count: number, now: number): Bucket {
  return { debt: Math.max(0, debtAt(bucket, terms, now) + count), at: Math.max(now, bucket.at) };
}

export function msUntilTokens(bucket: Bucket, terms: BucketTerms, count: number, now: number): number {
  const lacking = count - countTokens(bucket, terms, now);
  if (lacking <= 0) return 0;
  return count > terms.depth || terms.perMs === 0 ? Number.POSITIVE_INFINITY : lacking / terms.perMs;
}
