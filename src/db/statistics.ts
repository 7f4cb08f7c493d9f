/** What this isolate has seen of the database: counts, errors and a latency histogram per target, cheap to record. */
/** `write` is for what the queue consumer and the cron jobs write in bulk. */
export type QueryTarget = "main" | "read" | "write" | "analytics";

export interface QuerySample {
  readonly target: QueryTarget;
  readonly durationMs: number;
  readonly statements: number;
  readonly retries: number;
  readonly failed: boolean;
}

export interface TargetStatistics {
  readonly target: QueryTarget;
  readonly roundTrips: number;
  readonly statements: number;
  readonly retries: number;
  readonly errors: number;
  readonly avgMs: number;
  /** Upper edge of the bucket that holds the 95th percentile. */
  readonly p95Ms: number;
}

/** Upper edges in milliseconds, a factor of about 1.6 apart. */
const EDGES = [
  1, 1.6, 2.5, 4, 6.3, 10, 16, 25, 40, 63, 100, 160, 250, 400, 630, 1000, 1600, 2500, 5000, 10_000,
];

interface Tally {
  roundTrips: number;
  statements: number;
  retries: number;
  errors: number;
  totalMs: number;
  buckets: number[];
}

export class QueryStatistics {
  readonly #tallies = new Map<QueryTarget, Tally>();

  record(sample: QuerySample): void {
    const tally = this.#tallies.get(sample.target) ?? emptyTally();
    this.#tallies.set(sample.target, tally);
    tally.roundTrips += 1;
    tally.statements += sample.statements;
    tally.retries += sample.retries;
    tally.errors += sample.failed ? 1 : 0;
    tally.totalMs += sample.durationMs;
    const found = EDGES.findIndex((edge) => sample.durationMs <= edge);
    const bucket = found === -1 ? EDGES.length : found;
    tally.buckets[bucket] = (tally.buckets[bucket] ?? 0) + 1;
  }

  /** Hands out what was gathered and starts again, so that a sampler can add isolates up. */
  drain(): TargetStatistics[] {
    const result = [...this.#tallies].map(([target, tally]) => ({
      target,
      roundTrips: tally.roundTrips,
      statements: tally.statements,
      retries: tally.retries,
      errors: tally.errors,
      avgMs: tally.totalMs / tally.roundTrips,
      p95Ms: percentile(tally.buckets, tally.roundTrips, 0.95),
    }));
    this.#tallies.clear();
    return result;
  }
}

function emptyTally(): Tally {
  return {
    roundTrips: 0,
    statements: 0,
    retries: 0,
    errors: 0,
    totalMs: 0,
    buckets: new Array<number>(EDGES.length + 1).fill(0),
  };
}

function percentile(buckets: readonly number[], total: number, share: number): number {
  let seen = 0;
  for (const [bucket, count] of buckets.entries()) {
    seen += count;
    if (seen >= total * share) return EDGES[bucket] ?? Number.POSITIVE_INFINITY;
  }
  return 0;
}
