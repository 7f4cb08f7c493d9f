/** The pure parts of the load test: which operation comes next, and what its latencies amount to. */

export interface Weighted {
  readonly name: string;
  /** Its share of all operations, relative to the others. */
  readonly weight: number;
}

/** `fraction`: from 0 to less than 1. */
export function chooseOperation<Operation extends Weighted>(
  operations: readonly Operation[],
  fraction: number,
): Operation {
  const total = operations.reduce((sum, { weight }) => sum + weight, 0);
  let left = fraction * total;
  for (const operation of operations) {
    left -= operation.weight;
    if (left < 0) return operation;
  }
  const last = operations.at(-1);
  if (last === undefined) throw new RangeError("There are no operations.");
  return last;
}

/** One operation that was run. */
export interface LoadSample {
  readonly name: string;
  readonly ms: number;
  /** Undefined if it succeeded. */
  readonly error?: string | undefined;
}

export interface LoadSummary {
  readonly name: string;
  readonly count: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Nearest rank: a latency that was measured. NaN without any. `sorted`: ascending. */
export function nearestRank(sorted: readonly number[], fraction: number): number {
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? Number.NaN;
}

/** All operations, then each by itself, the most frequent first. Failed ones count with their latency. */
export function summarizeLoad(samples: readonly LoadSample[]): readonly LoadSummary[] {
  const byName = [...Map.groupBy(samples, ({ name }) => name)].toSorted(
    ([name, some], [other, others]) => others.length - some.length || (name < other ? -1 : 1),
  );
  return [summarize("all operations", samples), ...byName.map(([name, some]) => summarize(name, some))];
}

function summarize(name: string, samples: readonly LoadSample[]): LoadSummary {
  const sorted = samples.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return {
    ...{ name, count: samples.length, errors: samples.filter(({ error }) => error !== undefined).length },
    ...{ p50Ms: nearestRank(sorted, 0.5), p95Ms: nearestRank(sorted, 0.95) },
    ...{ p99Ms: nearestRank(sorted, 0.99), maxMs: nearestRank(sorted, 1) },
  };
}

/** How often each error occurred, the most frequent first. */
export function countErrors(samples: readonly LoadSample[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { error } of samples) if (error !== undefined) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts].toSorted(([, one], [, other]) => other - one);
}

export interface LoadRun {
  readonly summaries: readonly LoadSummary[];
  readonly errors: readonly (readonly [string, number])[];
  readonly concurrency: number;
  readonly seconds: number;
}

const ms = (value: number) => value.toFixed(1);

/** As a Markdown table, which is readable in a terminal, too. */
export function formatLoad({ summaries, errors, concurrency, seconds }: LoadRun): string {
  const [all] = summaries;
  const rate = all === undefined ? 0 : all.count / seconds;
  return [
    `${concurrency} concurrent operations for ${seconds.toFixed(0)} s: ${rate.toFixed(0)} operations/s.`,
    "",
    "| operation | count | errors | p50 ms | p95 ms | p99 ms | max ms |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...summaries.map(
      ({ name, count, errors: failed, p50Ms, p95Ms, p99Ms, maxMs }) =>
        `| ${name} | ${count} | ${failed} | ${ms(p50Ms)} | ${ms(p95Ms)} | ${ms(p99Ms)} | ${ms(maxMs)} |`,
    ),
    ...(errors.length === 0 ? [] : ["", ...errors.map(([error, count]) => `- ${count} × ${error}`)]),
    "",
  ].join("\n");
}
