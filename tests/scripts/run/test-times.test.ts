// The estimate of the time that a test run has left, and the comparison of two lists of tests.
import { describe, expect, it } from "vitest";
import { missingNames } from "../../../scripts/run/test-name-lists.ts";
import { formatEstimate, ProgressEstimate } from "../../../scripts/run/test-times.ts";

const times = (file: string, testMs: number) => ({
  ...{ file, project: "node", startMs: 0, importMs: 0, tests: 1 },
  testMs,
});

describe("ProgressEstimate", () => {
  it("weighs files by what they took in the last run", () => {
    const estimate = new ProgressEstimate(["slow", "fast"], [times("slow", 9000), times("fast", 1000)]);
    expect(estimate.leftMs(0)).toBe(Number.POSITIVE_INFINITY);
    estimate.complete("slow");
    expect(estimate.leftMs(18_000)).toBeCloseTo(2000);
    estimate.complete("fast");
    expect(estimate.leftMs(20_000)).toBe(0);
  });

  it("takes an unknown file for an average one", () => {
    const estimate = new ProgressEstimate(["new", "a", "b"], [times("a", 1000), times("b", 3000)]);
    estimate.complete("new");
    expect(estimate.leftMs(1000)).toBeCloseTo(2000);
  });

  it("takes all files for equal before the first run", () => {
    const estimate = new ProgressEstimate(["a", "b"], []);
    estimate.complete("a");
    expect(estimate.leftMs(5000)).toBeCloseTo(5000);
  });
});

describe("formatEstimate", () => {
  it.each([
    [500, "1 s"],
    [89_000, "89 s"],
    [150_000, "3 min"],
    [Number.POSITIVE_INFINITY, "? s"],
  ])("formats %s ms as %s", (ms, text) => {
    expect(formatEstimate(ms)).toBe(text);
  });
});

describe("missingNames", () => {
  const test = (name: string, file = "a") => ({ name, file });

  it("reports a test that is gone, and none that moved to another file", () => {
    expect(missingNames([test("one"), test("two")], [test("two", "b")])).toEqual([test("one")]);
  });

  it("reports the second of two tests with one name", () => {
    expect(missingNames([test("one"), test("one", "b")], [test("one")])).toEqual([test("one", "b")]);
  });
});
