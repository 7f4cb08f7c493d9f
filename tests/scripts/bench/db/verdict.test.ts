/** The benchmark's arithmetic: it must not be kinder to the product than its figures are. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Measurement, median } from "../../../../scripts/bench/db/measure.ts";
import { compare, geometricMean } from "../../../../scripts/bench/db/verdict.ts";
import type { Group, Measured } from "../../../../scripts/bench/db/workload.ts";

const query = (name: string, keyed = false): Measured => ({
  name,
  runs: "system",
  keyed,
  query: () => ({ toSQL: () => ({ sql: "", params: [] }) }),
});

const group = (by: Group["by"], queries: Measured[]): Group => ({
  name: "group",
  by,
  target: [60, 90],
  queries,
});
const took = (ms: number, buffers = 100): Measurement => ({ ms, buffers, read: 0, indexes: [] });

function judge(of: Group, before: Measurement[], after: Measurement[]) {
  const [judged] = compare([of], [before], [after]);
  if (judged === undefined) throw new Error("no group came back");
  return judged;
}

describe("a group of the benchmark", () => {
  it("meets its promise when its queries save enough time together", () => {
    const judged = judge(group("time", [query("a"), query("b")]), [took(10), took(10)], [took(1), took(5)]);
    expect(judged.met).toBe(true);
    expect(judged.time).toBeCloseTo(100 * (1 - Math.sqrt(0.1 * 0.5)));
    expect(judged.queries.map(({ verdict }) => verdict)).toEqual(["met", "below"]);
  });

  it("misses it when they do not, however much one of them saves in milliseconds", () => {
    const judged = judge(
      group("time", [query("a"), query("b"), query("c")]),
      [took(1000), took(1), took(1)],
      [took(100), took(1), took(1)],
    );
    expect(judged.met).toBe(false);
  });

  it("is judged by pages where less scanning was promised, not by time", () => {
    const judged = judge(group("buffers", [query("a")]), [took(10, 1000)], [took(9, 10)]);
    expect(judged.met).toBe(true);
  });

  it("misses it when any query gets slower, also one that does not count", () => {
    const judged = judge(
      group("time", [query("a"), query("b", true)]),
      [took(10), took(1)],
      [took(0.1), took(2)],
    );
    expect(judged.time).toBeCloseTo(99);
    expect(judged.queries[1]?.verdict).toBe("slower");
    expect(judged.met).toBe(false);
  });

  it("is not moved by queries that do not count", () => {
    const judged = judge(
      group("time", [query("a"), query("b", true)]),
      [took(10), took(5)],
      [took(1), took(5)],
    );
    expect(judged.time).toBeCloseTo(90);
  });
});

describe("the figures", () => {
  it("have a median between the extremes that ignores the order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const middle = median(values);
        expect(median(values.toReversed())).toBe(middle);
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it("have a geometric mean that treats twice as fast and twice as slow alike", () => {
    expect(geometricMean([0.5, 2])).toBeCloseTo(1);
  });
});
