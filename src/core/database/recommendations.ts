/** What to do about a database, judged by a day of samples: each piece of advice names what it goes by. */
import { HOUR_MS, SECOND_MS } from "../durations.ts";
import { forecastConnections } from "./connection-forecast.ts";

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

const MIB = 1024 * 1024;
const FULL_SHARE = 0.9;
const FILLING_SHARE = 0.7;
const IDLE_SHARE = 0.8;
const LONG_TRANSACTION_MS = 60 * SECOND_MS;
const LONG_QUERY_MS = 15 * SECOND_MS;
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
const seconds = (ms: number) => `${Math.round(ms / SECOND_MS)} s`;

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
    const [latest] = samples.toSorted((one, other) => other.at.getTime() - one.at.getTime());
    const { connectionsPerHour = 0, exhaustedAt } = forecastConnections(samples) ?? {};
    if (latest === undefined || exhaustedAt == null) return undefined;
    const hours = (exhaustedAt.getTime() - latest.at.getTime()) / HOUR_MS;
    if (hours > 24) return undefined;
    return createRecommendation(
      "exhaustion",
      hours <= 6 ? "high" : "medium",
      "Connections will be exhausted",
      `Connections rise by ${connectionsPerHour.toFixed(1)} per hour and reach the limit in about ${Math.ceil(hours)} h. Look for clients that do not close them, or raise max_connections.`,
    );
  },
  ({ samples }) => {
    const used = maxOf(
      samples,
      ({ connections, maxConnections }) => connections / Math.max(1, maxConnections),
    );
    if (used < FILLING_SHARE) return undefined;
    return createRecommendation(
      "connections",
      used >= FULL_SHARE ? "high" : "medium",
      "Connection pool near its limit",
      `Up to ${percent(used)} of the connections were in use. Connect through the pooler, or raise max_connections.`,
    );
  },
  ({ samples }) => {
    const busy = samples.filter(({ connections, maxConnections }) => connections > maxConnections / 4);
    const idle = busy.filter((sample) => sample.idle / Math.max(1, sample.connections) > IDLE_SHARE);
    if (busy.length === 0 || idle.length < busy.length / 2) return undefined;
    const says =
      "Most connections are idle most of the time. A smaller pool is sufficient and leaves memory for queries.";
    return createRecommendation("idle", "info", "Many idle connections", says);
  },
  ({ samples }) => {
    const count = maxOf(samples, ({ idleInTransaction }) => idleInTransaction);
    const longest = maxOf(samples, ({ longestTransactionMs }) => longestTransactionMs);
    if (longest < LONG_TRANSACTION_MS) return undefined;
    const says = `A transaction was open for ${seconds(longest)}${count > 0 ? ", and some transactions were idle" : ""}. It keeps locks and dead rows: set idle_in_transaction_session_timeout.`;
    return createRecommendation(
      "transactions",
      count > 0 ? "high" : "medium",
      "Long idle transactions",
      says,
    );
  },
  ({ samples }) => {
    const longest = maxOf(samples, ({ longestQueryMs }) => longestQueryMs);
    if (longest < LONG_QUERY_MS) return undefined;
    const says = `One query ran for ${seconds(longest)}. Identify it under slow queries; send reports to DATABASE_ANALYTICS_URL.`;
    return createRecommendation("queries", "medium", "Long-running queries", says);
  },
  ({ samples }) => {
    const share = samples.filter(({ waiting }) => waiting > 0).length / Math.max(1, samples.length);
    if (share < WAITING_SHARE) return undefined;
    const says = `Lock waits in ${percent(share)} of samples. Check for long transactions and overlapping jobs.`;
    return createRecommendation("locks", "medium", "Lock contention", says);
  },
  ({ grown: { deadlocks } }) =>
    deadlocks === 0
      ? undefined
      : createRecommendation(
          "deadlocks",
          "medium",
          "Deadlocks",
          `${deadlocks} in 24 hours. Two jobs lock the same rows in a different order.`,
        ),
  ({ grown: { blocksHit, blocksRead } }) => {
    const all = blocksHit + blocksRead;
    if (all < MIN_BLOCKS || blocksHit / all >= COLD_CACHE_SHARE) return undefined;
    const says = `${percent(blocksHit / all)} of page reads were served from memory. Use a larger compute, or shorten log retention.`;
    return createRecommendation("cache", "medium", "Working set exceeds memory", says);
  },
  ({ grown: { tempBytes } }) => {
    if (tempBytes < MAX_TEMP_BYTES) return undefined;
    const says = `${Math.round(tempBytes / MIB)} MiB of temporary files were written in 24 hours. Raise work_mem for the analytics connection.`;
    return createRecommendation("temp", "info", "Sorts spill to disk", says);
  },
  ({ grown: { commits, rollbacks } }) => {
    const share = rollbacks / Math.max(1, commits + rollbacks);
    if (commits + rollbacks < MIN_QUERIES || share < ROLLBACK_SHARE) return undefined;
    const says = `${percent(share)} of the transactions were rolled back. Check the error log for the cause.`;
    return createRecommendation("rollbacks", "info", "High rollback rate", says);
  },
];

const TARGET_RULES: readonly Rule<QueryTargetUsage>[] = [
  ({ name, queries, errors }) => {
    if (queries < MIN_QUERIES || errors / queries < ERROR_SHARE) return undefined;
    const says = `${percent(errors / queries)} of the queries failed. Check compute availability and limits.`;
    return createRecommendation(`errors:${name}`, "high", `${name} database unavailable or failing`, says);
  },
  ({ name, queries, p95Ms }) => {
    const isSlow =
      queries >= MIN_QUERIES && name !== "analytics" && (p95Ms ?? Number.POSITIVE_INFINITY) > SLOW_MS;
    if (!isSlow) return undefined;
    const took = p95Ms === null ? "longer than 10 s" : `${Math.round(p95Ms)} ms`;
    const says = `The p95 round trip took ${took} or more. Move the database closer to the Worker (placement), or suspend it less often.`;
    return createRecommendation(`slow:${name}`, "medium", `${name} database slow`, says);
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
  const says = `${Math.round(bytes / MIB)} MiB of indexes were not read since the last statistics reset: ${largest.map(({ indexName }) => indexName).join(", ")}. Each slows inserts.`;
  return createRecommendation("indexes", "info", "Unused indexes", says);
}
