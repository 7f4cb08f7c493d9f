/** Compares both sides with what was promised. Plain arithmetic, apart so that a test can hold it to account. */
import type { Measurements } from "./measure.ts";
import type { Group } from "./workload.ts";

export interface Compared {
  name: string;
  runs: "tenant" | "system";
  keyed: boolean;
  before: { ms: number; buffers: number };
  after: { ms: number; buffers: number };
  /** Percent saved of time and of buffers. */
  time: number;
  scan: number;
  indexes: string[];
  verdict: "met" | "below" | "slower" | "same";
}

export interface ComparedGroup {
  name: string;
  by: "time" | "buffers";
  target: readonly [number, number];
  queries: Compared[];
  /** Percent saved, by the geometric mean of the queries' ratios: no single large query decides. */
  time: number;
  scan: number;
  met: boolean;
}

/** Percent; below it two medians of the same plan differ by chance. */
const NOISE = 15;
const NOISE_MS = 0.15;

export function compare(groups: Group[], before: Measurements, after: Measurements): ComparedGroup[] {
  return groups.map((group, g) => {
    const queries = group.queries.map((query, q): Compared => {
      const b = before[g]?.[q];
      const a = after[g]?.[q];
      if (b === undefined || a === undefined) throw new Error(`${query.name} was not measured`);
      const time = saved(a.ms, b.ms);
      const scan = saved(a.buffers, b.buffers);
      const slower = time < -NOISE && a.ms - b.ms > NOISE_MS;
      const enough = (group.by === "time" ? time : scan) >= group.target[0];
      return {
        name: query.name,
        runs: query.runs,
        keyed: query.keyed ?? false,
        before: { ms: b.ms, buffers: b.buffers },
        after: { ms: a.ms, buffers: a.buffers },
        time,
        scan,
        indexes: a.indexes.filter((index) => index.startsWith("idx_")),
        verdict: slower ? "slower" : query.keyed ? "same" : enough ? "met" : "below",
      };
    });
    const counted = queries.filter(({ keyed }) => !keyed);
    const time = 100 * (1 - geometricMean(counted.map((c) => ratio(c.after.ms, c.before.ms))));
    const scan = 100 * (1 - geometricMean(counted.map((c) => ratio(c.after.buffers, c.before.buffers))));
    const { name, by, target } = group;
    const reached = (by === "time" ? time : scan) >= target[0];
    return {
      name,
      by,
      target,
      queries,
      time,
      scan,
      met: reached && queries.every((c) => c.verdict !== "slower"),
    };
  });
}

// One page or one microsecond is the smallest measurable value; it keeps ratios finite.
function ratio(after: number, before: number): number {
  return Math.max(after, 0.001) / Math.max(before, 0.001);
}

export function saved(after: number, before: number): number {
  return 100 * (1 - ratio(after, before));
}

export function geometricMean(values: number[]): number {
  if (values.length === 0) return 1;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
