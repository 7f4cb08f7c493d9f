/** The arithmetic of measurements, and how results come into documents. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CASES } from "../../../../scripts/bench/gateway/cases.ts";
import { START } from "../../../../scripts/bench/gateway/cold.ts";
import type { Comparison } from "../../../../scripts/bench/gateway/compare.ts";
import { between } from "../../../../scripts/bench/gateway/document.ts";
import { median, quantile, slope } from "../../../../scripts/bench/gateway/figures.ts";
import { GATED_CASES, readOptions } from "../../../../scripts/bench/gateway/options.ts";
import { judge, listTargetCases, startsSoon } from "../../../../scripts/bench/gateway/targets.ts";

describe("figures", () => {
  it.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
  ])("the median of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("finds quantiles among the values themselves", () => {
    const sorted = Array.from({ length: 100 }, (_, at) => at + 1);
    expect([0, 0.5, 0.99, 1].map((q) => quantile(sorted, q))).toEqual([1, 51, 100, 100]);
  });

  it("finds the slope of any line", () => {
    const number = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(
        number,
        number,
        fc.uniqueArray(number, { minLength: 2, maxLength: 20 }),
        (by, from, places) => {
          expect(slope(places.map((x) => [x, from + by * x] as const))).toBeCloseTo(by, 6);
        },
      ),
    );
  });
});

describe("options", () => {
  it("measures all parts, or cases only where a case is named", () => {
    expect([...readOptions([]).parts]).toEqual(["cases", "growth", "cold", "memory"]);
    expect([...readOptions(["--case", "list"]).parts]).toEqual(["cases"]);
    expect([...readOptions(["--part", "memory,cold"]).parts]).toEqual(["cold", "memory"]);
  });

  it.each([
    ["--rounds", "0"],
    ["--rounds", "many"],
    ["--connections", "16,x"],
    ["--minutes", "-1"],
    ["--part", "cases,nonsense"],
  ])("refuses %s %s", (name, value) => {
    expect(() => readOptions([name, value])).toThrow(name);
  });
});

const result = (over: Partial<Comparison>): Comparison => {
  const side = { perSecond: 1000, p50: 1, p99: 2, cpuUs: 100, rssMib: 100, failures: 0 };
  const both = { gateway: side, baseline: side };
  return {
    case: "tools/call, one server",
    connections: 16,
    ratio: 1,
    cpuRatios: [1.5],
    ratios: [1],
    cpuRatio: 1,
    ...both,
    ...over,
  };
};

describe("targets", () => {
  it("are judged where they were measured, and nowhere else", () => {
    expect(judge([])).toEqual([]);
    const met = judge([result({})]);
    expect(met.length).toBeGreaterThan(0);
    expect(met.every(({ isMet }) => isMet)).toBe(true);
    expect(judge([result({ connections: 256 })])).toEqual([]);
  });

  it("are missed by what falls short", () => {
    const missed = judge([result({ ratio: 0.5, cpuRatio: 2 })]).filter(({ isMet }) => !isMet);
    expect(missed.map(({ value }) => value)).toEqual([0.5, 2]);
    const refusal = result({ case: "rejected: invalid key", ratio: 1.79 });
    expect(judge([refusal])).toMatchObject([{ isMet: false }]);
  });
});

describe("the cases", () => {
  const names = CASES.map(({ name }) => name);

  it("of every target exist", () => {
    for (const name of listTargetCases()) expect(names).toContain(name);
  });

  it("of the gate are calls of both eras on both endpoints, and every kind of rejection", () => {
    const gated = names.filter((name) => GATED_CASES.test(name));
    expect(gated).toEqual(
      expect.arrayContaining([
        "tools/call, one server",
        "tools/call, all servers",
        "tools/call legacy, one server",
      ]),
    );
    expect(gated.filter((name) => name.startsWith("rejected: "))).toEqual(
      names.filter((name) => name.startsWith("rejected: ")),
    );
    expect(gated.some((name) => name.startsWith("rejected: "))).toBe(true);
  });
});

describe("the start", () => {
  it("is held against the bare Worker's", () => {
    const start = (gateway: number) => startsSoon({ name: START, unit: "ms of CPU", gateway, baseline: 10 });
    expect([start(70), start(71)]).toEqual([true, false]);
  });
});

describe("a document", () => {
  it("has what stands between two marks replaced, however often", () => {
    const text = "before <!-- a --> old <!-- /a --> after";
    const once = between(text, "a", "new");
    expect(once).toBe("before <!-- a -->\n\nnew\n\n<!-- /a --> after");
    expect(between(once, "a", "new")).toBe(once);
    expect(() => between("nothing", "a", "new")).toThrow("no section");
  });
});
