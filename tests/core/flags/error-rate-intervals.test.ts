import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newcombeDifference, wilsonInterval } from "../../../src/core/flags/error-rate-intervals.ts";

const counts = fc
  .nat(100_000)
  .chain((calls) => fc.record({ calls: fc.constant(calls), errors: fc.nat(calls) }));
const some = counts.filter(({ calls }) => calls > 0);

describe("wilsonInterval", () => {
  // Newcombe, Statistics in Medicine 17 (1998), p. 857–872, table I.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("of %i in %i is %f to %f", (errors, calls, low, high) => {
    const interval = wilsonInterval({ errors, calls });
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  it("contains the rate, is within 0 and 1, and is the mirror image for successes", () => {
    fc.assert(
      fc.property(some, ({ errors, calls }) => {
        const { low, high } = wilsonInterval({ errors, calls }) ?? { low: Number.NaN, high: Number.NaN };
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(errors / calls);
        expect(high).toBeGreaterThanOrEqual(errors / calls);
        const mirrored = wilsonInterval({ errors: calls - errors, calls });
        expect(mirrored?.low).toBeCloseTo(1 - high, 9);
        expect(mirrored?.high).toBeCloseTo(1 - low, 9);
      }),
    );
  });

  it("gets narrower with more calls of the same rate", () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 2, max: 20 }), ({ errors, calls }, factor) => {
        const few = wilsonInterval({ errors, calls });
        const many = wilsonInterval({ errors: errors * factor, calls: calls * factor });
        const width = (interval: typeof few) =>
          interval === undefined ? Number.NaN : interval.high - interval.low;
        expect(width(many)).toBeLessThan(width(few));
      }),
    );
  });
});

describe("newcombeDifference", () => {
  // Newcombe, Statistics in Medicine 17 (1998), p. 873–890, table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
  ])("of %i/%i and %i/%i is %f to %f", (errors, calls, otherErrors, otherCalls, low, high) => {
    const interval = newcombeDifference({ errors, calls }, { errors: otherErrors, calls: otherCalls });
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  it("contains the difference, is within -1 and 1, and changes its sign with the sides", () => {
    fc.assert(
      fc.property(some, some, (one, other) => {
        const forth = newcombeDifference(one, other);
        const back = newcombeDifference(other, one);
        if (forth === undefined || back === undefined) throw new Error("no interval");
        expect(forth.low).toBeLessThanOrEqual(forth.value);
        expect(forth.high).toBeGreaterThanOrEqual(forth.value);
        expect(forth.low).toBeGreaterThanOrEqual(-1);
        expect(forth.high).toBeLessThanOrEqual(1);
        expect(forth.low).toBeCloseTo(-back.high, 9);
      }),
    );
  });

  it("is unknown if one side has no calls", () => {
    fc.assert(
      fc.property(counts, (one) => {
        expect(newcombeDifference(one, { errors: 0, calls: 0 })).toBeUndefined();
      }),
    );
  });
});
