import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBudget } from "../../../src/core/net/byte-budget.ts";
import { runs } from "../../support/runs.ts";

describe("a byte budget", () => {
  it("refuses what does not fit, and takes it once room is given back", () => {
    const budget = new ByteBudget(10);
    const release = budget.reserve(7);
    expect(budget.reserve(4)).toBeUndefined();
    release?.();
    expect(budget.reserve(10)).toBeDefined();
  });

  it("takes the same bytes back once only", () => {
    const budget = new ByteBudget(10);
    const release = budget.reserve(6);
    release?.();
    release?.();
    expect(budget.reserve(10)).toBeDefined();
    expect(budget.reserve(1)).toBeUndefined();
  });

  it("never holds more than it may, and is empty when everything is given back", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean())), (steps) => {
        const budget = new ByteBudget(100);
        const held: { bytes: number; release: () => void }[] = [];
        for (const [bytes, gives] of steps) {
          if (gives) held.shift()?.release();
          else {
            const release = budget.reserve(bytes);
            const sum = held.reduce((total, each) => total + each.bytes, 0);
            expect(release !== undefined).toBe(sum + bytes <= 100);
            if (release !== undefined) held.push({ bytes, release });
          }
        }
        for (const { release } of held) release();
        expect(budget.reserve(100)).toBeDefined();
      }),
      { numRuns: runs(200) },
    );
  });
});
