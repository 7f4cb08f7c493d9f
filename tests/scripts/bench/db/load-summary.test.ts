/** The pure parts of the database's load test. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseOperation,
  countErrors,
  formatLoad,
  nearestRank,
  summarizeLoad,
} from "../../../../scripts/bench/db/load-summary.ts";

const MIX = [
  { name: "read", weight: 3 },
  { name: "write", weight: 1 },
];

describe("chooseOperation", () => {
  it.each([
    [0, "read"],
    [0.7499, "read"],
    [0.75, "write"],
    [0.9999, "write"],
  ])("at %f of the weights is %s", (fraction, name) => {
    expect(chooseOperation(MIX, fraction).name).toBe(name);
  });

  it("chooses each as often as its weight has it", () => {
    const names = Array.from({ length: 400 }, (_, at) => chooseOperation(MIX, at / 400).name);
    expect(names.filter((name) => name === "write")).toHaveLength(100);
  });
});

describe("nearestRank", () => {
  it.each([
    [0.5, 50],
    [0.95, 95],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])("of 1 to 100 at %f is %i", (fraction, expected) => {
    expect(
      nearestRank(
        Array.from({ length: 100 }, (_, at) => at + 1),
        fraction,
      ),
    ).toBe(expected);
  });

  it("is a measured value, with at least that share at or below it", () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (unsorted, fraction) => {
        const sorted = unsorted.toSorted((a, b) => a - b);
        const value = nearestRank(sorted, fraction);
        expect(sorted).toContain(value);
        expect(sorted.filter((each) => each <= value).length).toBeGreaterThanOrEqual(
          fraction * sorted.length,
        );
      }),
    );
  });
});

const samples = [
  { name: "read", ms: 1 },
  { name: "read", ms: 3 },
  { name: "read", ms: 2 },
  { name: "write", ms: 10, error: "connection lost" },
  { name: "write", ms: 20 },
];

it("summarizes all operations and each by itself", () => {
  expect(summarizeLoad(samples)).toEqual([
    { name: "all operations", count: 5, errors: 1, p50Ms: 3, p95Ms: 20, p99Ms: 20, maxMs: 20 },
    { name: "read", count: 3, errors: 0, p50Ms: 2, p95Ms: 3, p99Ms: 3, maxMs: 3 },
    { name: "write", count: 2, errors: 1, p50Ms: 10, p95Ms: 20, p99Ms: 20, maxMs: 20 },
  ]);
});

it("shows rate, latencies and errors", () => {
  const run = {
    summaries: summarizeLoad(samples),
    errors: countErrors(samples),
    concurrency: 100,
    seconds: 2,
  };
  const text = formatLoad(run);
  expect(text).toContain("100 concurrent operations for 2 s: 3 operations/s.");
  expect(text).toContain("| write | 2 | 1 | 10.0 | 20.0 | 20.0 | 20.0 |");
  expect(text).toContain("- 1 × connection lost");
});
