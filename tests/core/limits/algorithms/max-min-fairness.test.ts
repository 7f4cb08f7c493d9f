import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocateMaxMin, waterLevel } from "../../../../src/core/limits/algorithms/max-min-fairness.ts";

const wish = fc.record({
  weight: fc.integer({ min: 1, max: 100 }),
  demand: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e4, noNaN: true })),
});
const wishes = fc.array(wish, { minLength: 1, maxLength: 30 });
const capacity = fc.double({ min: 0, max: 1e5, noNaN: true });
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const HAIR = 1e-6;

describe("weighted max-min fairness", () => {
  it.each<[string, [weight: number, demand: number][], number, number[]]>([
    [
      "enough for all",
      [
        [1, 10],
        [1, 20],
      ],
      100,
      [10, 20],
    ],
    [
      "equals share",
      [
        [1, 100],
        [1, 100],
      ],
      100,
      [50, 50],
    ],
    [
      "weights count",
      [
        [1, 100],
        [3, 100],
      ],
      100,
      [25, 75],
    ],
    [
      "small demands are met in full",
      [
        [1, 5],
        [1, 20],
        [1, 1000],
      ],
      100,
      [5, 20, 75],
    ],
    [
      "what one leaves goes to the others by weight",
      [
        [2, 10],
        [1, 100],
        [2, 100],
      ],
      70,
      [10, 20, 40],
    ],
    [
      "a demand of 0 gets 0",
      [
        [1, 0],
        [1, 100],
      ],
      50,
      [0, 50],
    ],
    ["nothing to share", [[1, 5]], 0, [0]],
    ["nobody", [], 100, []],
  ])("%s", (_, given, all, expected) => {
    const shares = allocateMaxMin(
      given.map(([weight, demand]) => ({ weight, demand })),
      all,
    );
    expect(shares).toEqual(expected);
  });

  it("gives no tenant more than its demand, and uses all capacity that is in demand", () => {
    fc.assert(
      fc.property(wishes, capacity, (all, total) => {
        const shares = allocateMaxMin(all, total);
        for (const [at, share] of shares.entries())
          expect(share).toBeLessThanOrEqual((all[at]?.demand ?? 0) + HAIR);
        const wanted = sum(all.map(({ demand }) => demand));
        expect(Math.abs(sum(shares) - Math.min(wanted, total))).toBeLessThan(HAIR * (1 + total));
      }),
    );
  });

  it("leaves no demand open while another tenant has more for its weight", () => {
    fc.assert(
      fc.property(wishes, capacity, (all, total) => {
        const shares = allocateMaxMin(all, total);
        const perWeight = all.map(({ weight }, at) => (shares[at] ?? 0) / weight);
        const most = Math.max(...perWeight);
        for (const [at, { demand }] of all.entries()) {
          if ((shares[at] ?? 0) < demand - HAIR)
            expect(perWeight[at]).toBeGreaterThanOrEqual(most - HAIR * (1 + most));
        }
      }),
    );
  });

  it("does not depend on the order", () => {
    fc.assert(
      fc.property(wishes, capacity, (all, total) => {
        const forward = allocateMaxMin(all, total);
        const backward = allocateMaxMin([...all].reverse(), total).reverse();
        for (const [at, share] of forward.entries()) expect(backward[at]).toBeCloseTo(share, 6);
      }),
    );
  });

  it("reduces no share when a demand falls", () => {
    fc.assert(
      fc.property(wishes, capacity, fc.nat(29), (all, total, which) => {
        const modest = all.map((one, at) => (at === which ? { ...one, demand: one.demand / 2 } : one));
        const [before, after] = [allocateMaxMin(all, total), allocateMaxMin(modest, total)];
        for (const at of all.keys()) {
          if (at !== which) expect(after[at]).toBeGreaterThanOrEqual((before[at] ?? 0) - HAIR * (1 + total));
        }
      }),
    );
  });

  it("gives nothing for a demand beyond the share", () => {
    fc.assert(
      fc.property(wishes, capacity, fc.nat(29), (all, total, which) => {
        const level = waterLevel(all, total);
        const one = all[which];
        if (one === undefined || one.demand < one.weight * level) return;
        const greedy = all.map((other, at) =>
          at === which ? { ...other, demand: 10 * other.demand + 1 } : other,
        );
        const gained = (allocateMaxMin(greedy, total)[which] ?? 0) - (allocateMaxMin(all, total)[which] ?? 0);
        expect(gained).toBeLessThan(HAIR * (1 + total));
      }),
    );
  });
});
