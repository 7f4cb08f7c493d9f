// Holds a run against the committed baseline: a case that has become slower by more than the noise of both runs fails.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../lib/paths.ts";
import { Problem } from "../../lib/problem.ts";
import type { Comparison } from "./compare.ts";
import { quartiles } from "./figures.ts";

/** One case as it was measured: ratios of CPU, which other load on the machine disturbs less than throughput. */
export interface BaselineCase {
  readonly case: string;
  readonly connections: number;
  /** CPU of the gateway for a request, against the bare pass-through's: the lower quartile of the rounds. */
  readonly cpuRatio: number;
  /** Between the quartiles of the rounds' ratios, relative to their median. */
  readonly noise: number;
}

export interface Regression {
  readonly before: BaselineCase;
  readonly now: BaselineCase;
  /** What `now` may be at most. */
  readonly limit: number;
}

const FILE = "docs/bench-baseline.json";
/** Two calm runs of the same bundle differ by that much. */
const MIN_NOISE = 0.05;

export function toBaselineCase({ case: name, connections, cpuRatios }: Comparison): BaselineCase {
  const { lower, middle, upper } = quartiles(cpuRatios);
  return { case: name, connections, cpuRatio: lower, noise: (upper - lower) / middle };
}

export function findRegressions(
  baseline: readonly BaselineCase[],
  results: readonly BaselineCase[],
): readonly Regression[] {
  return results.flatMap((now) => {
    const before = baseline.find((known) => known.case === now.case && known.connections === now.connections);
    if (before === undefined) return [];
    const limit = before.cpuRatio * (1 + Math.max(MIN_NOISE, before.noise, now.noise));
    return now.cpuRatio > limit ? [{ before, now, limit }] : [];
  });
}

export function readBaseline(): readonly BaselineCase[] {
  try {
    return JSON.parse(readFileSync(join(projectDir, FILE), "utf8"));
  } catch {
    throw new Problem(`There is no baseline in ${FILE}. Measure one with --write-baseline.`);
  }
}

export function writeBaseline(results: readonly BaselineCase[]): void {
  writeFileSync(join(projectDir, FILE), `${JSON.stringify(results, null, 2)}\n`);
}

export function describeRegression({ before, now, limit }: Regression): string {
  return (
    `${now.case}, ${now.connections} connections: CPU ×${now.cpuRatio.toFixed(2)} of the pass-through, ` +
    `×${before.cpuRatio.toFixed(2)} before; at most ×${limit.toFixed(2)} is noise.`
  );
}
