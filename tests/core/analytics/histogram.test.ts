/** Percentiles from histograms: close to the true ones, and independent of how histograms were added. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addHistograms, LATENCY_BOUNDS_MS, percentile } from "../../../src/core/analytics/histogram.ts";

const slotOf = (ms: number) => {
  const slot = LATENCY_BOUNDS_MS.findIndex((bound) => ms < bound);
  return slot === -1 ? LATENCY_BOUNDS_MS.length : slot;
};

function histogramOf(durations: readonly number[]): number[] {
  const counts = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);
  for (const ms of durations) counts[slotOf(ms)] = (counts[slotOf(ms)] ?? 0) + 1;
  return counts;
}

const durations = fc.array(fc.double({ min: 1, max: 99_999, noNaN: true }), { minLength: 1, maxLength: 200 });
const fraction = fc.constantFrom(0.01, 0.5, 0.9, 0.95, 0.99, 1);

describe("a percentile", () => {
  it.each([
    [[], 0.5, undefined],
    [[0.5], 1, 1],
    [[100], 1, 125],
    [[100, 100], 0.5, 112.5],
    [[10, 1000], 0.5, 12.5],
    [[5_000_000], 0.5, 100_000],
  ])("of %j at %d is %s", (measured, at, expected) => {
    expect(percentile(histogramOf(measured), at)).toBe(expected);
  });

  it("is between the same bounds as the true one", () => {
    fc.assert(
      fc.property(durations, fraction, (measured, at) => {
        const rank = Math.ceil(at * measured.length);
        const exact = measured.toSorted((one, other) => one - other)[rank - 1] ?? 0;
        const reported = percentile(histogramOf(measured), at) ?? -1;
        const slot = slotOf(exact);
        expect(reported).toBeGreaterThanOrEqual(LATENCY_BOUNDS_MS[slot - 1] ?? 0);
        expect(reported).toBeLessThanOrEqual(LATENCY_BOUNDS_MS[slot] ?? 100_000);
      }),
    );
  });

  it("never falls as the fraction rises", () => {
    fc.assert(
      fc.property(durations, (measured) => {
        const reported = [0, 0.25, 0.5, 0.75, 0.95, 0.99, 1].map(
          (at) => percentile(histogramOf(measured), at) ?? -1,
        );
        expect(reported).toEqual(reported.toSorted((one, other) => one - other));
      }),
    );
  });
});

describe("histograms", () => {
  it("add up to that of everything, in whatever parts and order", () => {
    fc.assert(
      fc.property(fc.array(durations, { maxLength: 6 }), (parts) => {
        const together = histogramOf(parts.flat());
        expect(addHistograms(parts.map(histogramOf))).toEqual(together);
        expect(addHistograms(parts.toReversed().map(histogramOf))).toEqual(together);
      }),
    );
  });

  it("may be shorter where they end in zeros", () => {
    expect(addHistograms([[1, 2], [], [0, 0, 3]]).slice(0, 4)).toEqual([1, 2, 3, 0]);
  });
});
