/** What to do about a database, judged by a day of samples: each piece of advice names what it goes by. */

export interface DatabaseSample {
  readonly at: Date;
  readonly active: number;
  readonly idle: number;
  readonly idleInTransaction: number;
  readonly waiting: number;
  readonly connections: number;
  readonly maxConnections: number;
  readonly longestQueryMs: number;
  readonly longestTransactionMs: number;
  /** Since the statistics were last reset. */
  readonly commits: number;
  readonly rollbacks: number;
  readonly deadlocks: number;
  readonly tempBytes: number;
  readonly blocksHit: number;
  readonly blocksRead: number;
}

/** What isolates have seen of one connection string. */
export interface QueryTargetUsage {
  readonly name: string;
  readonly queries: number;
  readonly errors: number;
  readonly avgMs: number;
  readonly p95Ms: number | null;
}

export interface IndexUsage {
  readonly indexName: string;
  readonly sizeBytes: number;
  readonly usage: string;
}

export interface DatabaseRecommendation {
  readonly code: string;
  readonly severity: "info" | "medium" | "high";
  readonly title: string;
  readonly says: string;
}

const SECOND = 1000;
const MIB = 1024 * 1024;
const FULL_SHARE = 0.9;
const FILLING_SHARE = 0.7;
const IDLE_SHARE = 0.8;
const LONG_TRANSACTION_MS = 60 * SECOND;
const LONG_QUERY_MS = 15 * SECOND;
const WAITING_SHARE = 0.05;
const COLD_CACHE_SHARE = 0.95;
const MIN_BLOCKS = 100_000;
const MAX_TEMP_BYTES = 1024 * MIB;
const ROLLBACK_SHARE = 0.05;
const MIN_QUERIES = 100;
const ERROR_SHARE = 0.01;
const SLOW_MS = 250;
const MIN_UNUSED_INDEX_BYTES = 64 * MIB;

const percent = (share: number) => `${Math.round(share * 100)} %`;
const seconds = (ms: number) => `${Math.round(ms / SECOND)} s`;

type Rule<T> = (of: T) => DatabaseRecommendation | undefined;

interface Day {
  readonly samples: readonly DatabaseSample[];
  /** By how much the counters grew; what a reset took away does not count. */
  readonly grown: Record<Counter, number>;
}

const COUNTERS = ["commits", "rollbacks", "deadlocks", "tempBytes", "blocksHit", "blocksRead"] as const;
type Counter = (typeof COUNTERS)[number];

const maxOf = (samples: readonly DatabaseSample[], value: (sample: DatabaseSample) => number) =>
  samples.reduce((highest, sample) => Math.max(highest, value(sample)), 0);

const createRecommendation = (
  code: string,
  severity: DatabaseRecommendation["severity"],
  title: string,
  says: string,
): DatabaseRecommendation => ({
  code,
  severity,
  title,
  says,
});

const SAMPLE_RULES: readonly Rule<Day>[] = [
  ({ samples }) => {
    const used = maxOf(
      samples,
      ({ connections, maxConnections }) => connections / Math.max(1, maxConnections),
    );
    if (used < FILLING_SHARE) return undefined;
    return createRecommendation(
      "connections",
      used >= FULL_SHARE ? "high" : "medium",
      "Connections run short",
      `Up to ${percent(used)} of the connections were taken. Reach the database through its pooler, or raise max_connections.`,
    );
  },
  ({ samples }) => {
    const busy = samples.filter(({ connections, maxConnections }) => connections > maxConnections / 4);
    const idle = busy.filter((sample) => sample.idle / Math.max(1, sample.connections) > IDLE_SHARE);
    if (busy.length === 0 || idle.length < busy.length / 2) return undefined;
    const says =
      "Most connections do nothing most of the time. A smaller pool would do, and leave memory to queries.";
    return createRecommendation("idle", "info", "Many connections are idle", says);
  },
  ({ samples }) => {
    const count = maxOf(samples, ({ idleInTransaction }) => idleInTransaction);
    const longest = maxOf(samples, ({ longestTransactionMs }) => longestTransactionMs);
    if (longest < LONG_TRANSACTION_MS) return undefined;
    const says = `A transaction was open for ${seconds(longest)}${count > 0 ? ", and some did nothing meanwhile" : ""}. It keeps locks and dead rows: set idle_in_transaction_session_timeout.`;
    return createRecommendation(
      "transactions",
      count > 0 ? "high" : "medium",
      "Transactions stay open",
      says,
    );
  },
  ({ samples }) => {
    const longest = maxOf(samples, ({ longestQueryMs }) => longestQueryMs);
    if (longest < LONG_QUERY_MS) return undefined;
    const says = `One ran for ${seconds(longest)}. See what it is under slow queries; send reports to DATABASE_ANALYTICS_URL.`;
    return createRecommendation("queries", "medium", "Queries run long", says);
  },
  ({ samples }) => {
    const share = samples.filter(({ waiting }) => waiting > 0).length / Math.max(1, samples.length);
    if (share < WAITING_SHARE) return undefined;
    const says = `In ${percent(share)} of the samples somebody waited for a lock. Look for long transactions and for jobs that meet.`;
    return createRecommendation("locks", "medium", "Sessions wait for locks", says);
  },
  ({ grown: { deadlocks } }) =>
    deadlocks === 0
      ? undefined
      : createRecommendation(
          "deadlocks",
          "medium",
          "There were deadlocks",
          `${deadlocks} within a day. Two jobs take the same rows in different order.`,
        ),
  ({ grown: { blocksHit, blocksRead } }) => {
    const all = blocksHit + blocksRead;
    if (all < MIN_BLOCKS || blocksHit / all >= COLD_CACHE_SHARE) return undefined;
    const says = `${percent(blocksHit / all)} of the pages that were read were in memory. A larger compute, or fewer days of logs, would help.`;
    return createRecommendation("cache", "medium", "The working set does not fit into memory", says);
  },
  ({ grown: { tempBytes } }) => {
    if (tempBytes < MAX_TEMP_BYTES) return undefined;
    const says = `${Math.round(tempBytes / MIB)} MiB went to temporary files within a day. Raise work_mem for the analytics connection.`;
    return createRecommendation("temp", "info", "Sorting spills to disk", says);
  },
  ({ grown: { commits, rollbacks } }) => {
    const share = rollbacks / Math.max(1, commits + rollbacks);
    if (commits + rollbacks < MIN_QUERIES || share < ROLLBACK_SHARE) return undefined;
    const says = `${percent(share)} of the transactions were rolled back. Look at the error log for what fails.`;
    return createRecommendation("rollbacks", "info", "Many transactions fail", says);
  },
];

const TARGET_RULES: readonly Rule<QueryTargetUsage>[] = [
  ({ name, queries, errors }) => {
    if (queries < MIN_QUERIES || errors / queries < ERROR_SHARE) return undefined;
    const says = `${percent(errors / queries)} of the requests to it failed. Is it awake, and are its limits high enough?`;
    return createRecommendation(`errors:${name}`, "high", `The ${name} database refuses or fails`, says);
  },
  ({ name, queries, p95Ms }) => {
    const isSlow =
      queries >= MIN_QUERIES && name !== "analytics" && (p95Ms ?? Number.POSITIVE_INFINITY) > SLOW_MS;
    if (!isSlow) return undefined;
    const took = p95Ms === null ? "longer than 10 s" : `${Math.round(p95Ms)} ms`;
    const says = `One round trip in twenty took ${took} or more. Put the database near the Worker (placement), or wake it less often.`;
    return createRecommendation(`slow:${name}`, "medium", `The ${name} database is slow to answer`, says);
  },
];

/** Nothing where nothing is wrong. The worst comes first. */
export function recommendForDatabase(
  samples: readonly DatabaseSample[],
  targets: readonly QueryTargetUsage[] = [],
  indexes: readonly IndexUsage[] = [],
): readonly DatabaseRecommendation[] {
  const day: Day = { samples, grown: growth(samples) };
  const found = [
    ...SAMPLE_RULES.map((rule) => rule(day)),
    ...targets.flatMap((target) => TARGET_RULES.map((rule) => rule(target))),
    unusedIndexes(indexes),
  ].flatMap((each) => each ?? []);
  const rank = { high: 0, medium: 1, info: 2 };
  return found.sort((one, other) => rank[one.severity] - rank[other.severity]);
}

function growth(samples: readonly DatabaseSample[]): Day["grown"] {
  const grown = { commits: 0, rollbacks: 0, deadlocks: 0, tempBytes: 0, blocksHit: 0, blocksRead: 0 };
  const inOrder = samples.toSorted((one, other) => one.at.getTime() - other.at.getTime());
  let last: DatabaseSample | undefined;
  for (const sample of inOrder) {
    for (const counter of COUNTERS) {
      if (last !== undefined) grown[counter] += Math.max(0, sample[counter] - last[counter]);
    }
    last = sample;
  }
  return grown;
}

function unusedIndexes(indexes: readonly IndexUsage[]): DatabaseRecommendation | undefined {
  const unused = indexes.filter(({ usage }) => usage === "Unused");
  const bytes = unused.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (bytes < MIN_UNUSED_INDEX_BYTES) return undefined;
  const largest = unused.toSorted((one, other) => other.sizeBytes - one.sizeBytes).slice(0, 3);
  const says = `${Math.round(bytes / MIB)} MiB of indexes were never read since the statistics were reset: ${largest.map(({ indexName }) => indexName).join(", ")}. Each slows every insert down.`;
  return createRecommendation("indexes", "info", "Indexes that nothing reads", says);
}
