// The arithmetic behind docs/guides/capacity.md.
import { describe, expect, it } from "vitest";
import {
  BASE_LOAD,
  costOfCalls,
  firstExhausted,
  GROWTH,
  RESOURCES,
  USAGE,
  usedAtPeak,
} from "../../../scripts/sim/capacity.ts";

const total = (calls: number, months = 1) =>
  costOfCalls(calls, months).reduce((sum, { dollars }) => sum + dollars, 0);

const at = (factor: number) => ({ ...BASE_LOAD, callsPerDay: factor * BASE_LOAD.callsPerDay });

describe("the cost of calls", () => {
  it("grows with the calls, and with the months that their records are kept", () => {
    expect(total(2_000_000)).toBeCloseTo(2 * total(1_000_000), 6);
    expect(total(1_000_000, 12) - total(1_000_000, 1)).toBeCloseTo(
      (11 * 0.35 * 1_000_000 * USAGE.rows * USAGE.rowBytes) / 1024 ** 3,
      6,
    );
  });

  it("is mostly that of requests and storage", () => {
    const [requests, , objects] = costOfCalls(1_000_000, 1);
    expect(requests?.dollars).toBe(0.3);
    expect(objects?.dollars).toBeLessThan(0.01);
  });
});

describe("growth", () => {
  it("uses each resource in proportion", () => {
    for (const resource of RESOURCES)
      expect(usedAtPeak(resource, at(100))).toBeCloseTo(100 * usedAtPeak(resource, at(1)), 6);
  });

  it("uses up nothing at ten times the base, and Postgres first of all", () => {
    const exhausted = GROWTH.map((factor) => firstExhausted(at(factor))?.name);
    expect(exhausted).toEqual([undefined, undefined, "Postgres writes, 1 CU", "Postgres writes, 1 CU"]);
  });
});
