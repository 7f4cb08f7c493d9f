import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Limit } from "../../../../src/core/limits/algorithms/limit.ts";
import {
  countAvailable,
  EMPTY_LIMITER,
  type LimiterState,
  maxTokens,
  msUntilAvailable,
  msUntilReset,
  reserve,
  settle,
  spend,
} from "../../../../src/core/limits/algorithms/limiter.ts";
import { CLOCK_MARGIN_MS } from "../../../../src/core/limits/algorithms/sliding-window.ts";

const limit = (over: Partial<Limit> = {}): Limit => ({
  name: "user-minute",
  key: "user:ann:60",
  count: 20,
  windowMs: 60_000,
  burst: 1,
  ...over,
});

/** As many as it lets through at one moment. */
function spendAll(gate: LimiterState, terms: Limit, now: number): LimiterState {
  return spend(gate, terms, countAvailable(gate, terms, now), now);
}

describe("a limit of 20 a minute", () => {
  const terms = limit();

  it("holds 20, and not one more for the rest of the minute", () => {
    const gate = spendAll(EMPTY_LIMITER, terms, 500);
    expect(countAvailable(EMPTY_LIMITER, terms, 500)).toBe(20);
    for (const now of [500, 10_000, 60_000, 60_499]) expect(countAvailable(gate, terms, now)).toBe(0);
  });

  it("has all of them again when the window has left the second in which they were spent", () => {
    const gate = spendAll(EMPTY_LIMITER, terms, 500);
    const free = 61_000 + CLOCK_MARGIN_MS;
    expect(countAvailable(gate, terms, free - 1)).toBe(0);
    expect(countAvailable(gate, terms, free)).toBe(20);
    expect(msUntilAvailable(gate, terms, 1, 500)).toBe(free - 500);
    expect(msUntilReset(gate, terms, 500)).toBe(free - 500);
  });

  it("frees what was spent first before what was spent later", () => {
    const gate = spend(spend(EMPTY_LIMITER, terms, 5, 0), terms, 15, 30_000);
    expect(countAvailable(gate, terms, 61_100)).toBe(5);
    expect(msUntilAvailable(gate, terms, 5, 31_000)).toBe(30_100);
    expect(msUntilAvailable(gate, terms, 6, 31_000)).toBe(60_100);
  });

  it("never has more than all", () => {
    expect(msUntilAvailable(EMPTY_LIMITER, terms, 21, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("goes on from what was spent when it changes", () => {
    const gate = spend(EMPTY_LIMITER, terms, 15, 0);
    expect(countAvailable(gate, limit({ count: 10 }), 1000)).toBe(0);
    expect(countAvailable(gate, limit({ count: 50 }), 1000)).toBe(35);
  });
});

it("a limit of nothing lets nothing through, ever", () => {
  const terms = limit({ count: 0 });
  expect(countAvailable(EMPTY_LIMITER, terms, 0)).toBe(0);
  expect(msUntilAvailable(EMPTY_LIMITER, terms, 1, 0)).toBe(Number.POSITIVE_INFINITY);
});

describe("a burst of two", () => {
  const terms = limit({ count: 60, burst: 2 });

  it("allows twice as much in a window, once, after a quiet time", () => {
    const gate = spendAll(EMPTY_LIMITER, terms, 0);
    expect(countAvailable(EMPTY_LIMITER, terms, 0)).toBe(120);
    expect(countAvailable(gate, terms, 60_000)).toBe(0);
    // The window is free again then, but the bucket has only what flowed in since.
    expect(countAvailable(gate, terms, 61_100)).toBe(61);
    expect(countAvailable(gate, terms, 121_000)).toBe(120);
  });
});

describe("what is leased", () => {
  const terms = limit();
  const lease = { leaseId: "a-1", taken: 1, at: 0, ahead: 9, usableUntil: 1000 };
  const reported = (uses: { count: number; ageMs: number }[], isLost = false) => ({
    leaseId: "a-1",
    limit: terms,
    uses,
    isLost,
  });
  const leased = reserve(EMPTY_LIMITER, terms, lease, 0);

  it("is taken at once", () => {
    expect(countAvailable(leased, terms, 0)).toBe(10);
  });

  it.each<[string, Parameters<typeof reported>, number]>([
    ["comes back as far as it was not used", [[{ count: 4, ageMs: 100 }]], 15],
    ["comes back wholly if it was not used", [[]], 19],
    ["comes back with what was taken if the answer was lost", [[], true], 20],
    ["does not come back beyond what it was", [[{ count: 400, ageMs: 0 }]], 10],
  ])("%s", (_, args, left) => {
    const gate = settle(leased, terms, reported(...args), 900);
    expect(gate && countAvailable(gate, terms, 900)).toBe(left);
  });

  it("comes back once", () => {
    const gate = settle(leased, terms, reported([]), 900);
    expect(gate && settle(gate, terms, reported([]), 950)).toBeUndefined();
  });

  it("counts from when it may have been spent, until it is known when it was", () => {
    const atOnce = settle(leased, terms, reported([{ count: 9, ageMs: 900 }]), 900);
    expect(countAvailable(leased, terms, 61_100)).toBe(11);
    expect(atOnce && countAvailable(atOnce, terms, 61_100)).toBe(20);
  });
});

describe("a gate, whatever is done to it,", () => {
  const step = fc.record({
    pause: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 90_000 })),
    wanted: fc.integer({ min: 1, max: 12 }),
    leased: fc.boolean(),
    used: fc.integer({ min: 0, max: 12 }),
  });

  it("never holds more in a window than it may, nor more in the long run than its rate", () => {
    fc.assert(
      fc.property(
        fc.record({
          count: fc.integer({ min: 1, max: 30 }),
          burst: fc.constantFrom(1, 1.5, 3),
          windowMs: fc.constantFrom(10_000, 60_000),
        }),
        fc.array(step, { maxLength: 80 }),
        (over, steps) => {
          const terms = limit(over);
          const spentAt: number[] = [];
          let gate = EMPTY_LIMITER;
          let now = 1_000_000;
          for (const [number, { pause, wanted, leased, used }] of steps.entries()) {
            now += pause;
            const count = Math.min(wanted, countAvailable(gate, terms, now));
            if (count === 0) continue;
            if (!leased) {
              gate = spend(gate, terms, count, now);
              spentAt.push(...Array<number>(count).fill(now));
              continue;
            }
            const usableUntil = now + 1000;
            const leaseId = `a-${number}`;
            gate = reserve(gate, terms, { leaseId, taken: 0, at: now, ahead: count, usableUntil }, now);
            const really = Math.min(used, count);
            // The worst that a holder can do: spend at the very end.
            spentAt.push(...Array<number>(really).fill(usableUntil - 1));
            now = usableUntil + 50;
            const uses = really === 0 ? [] : [{ count: really, ageMs: now - (usableUntil - 1) }];
            gate = settle(gate, terms, { leaseId, limit: terms, uses, isLost: false }, now) ?? gate;
          }
          const most = maxTokens(terms);
          for (const [at, time] of spentAt.entries()) {
            const inWindow = spentAt.slice(0, at + 1).filter((other) => other > time - terms.windowMs);
            expect(inWindow.length).toBeLessThanOrEqual(most);
          }
          const elapsed = now - 1_000_000;
          expect(spentAt.length).toBeLessThanOrEqual(most + (terms.count * elapsed) / terms.windowMs + 1);
        },
      ),
    );
  });

  it("has a token at the announced time, without another request in between", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(1, 2), (steps, burst) => {
        const terms = limit({ burst });
        let gate = EMPTY_LIMITER;
        let now = 0;
        for (const { pause, wanted } of steps) {
          now += pause;
          gate = spend(gate, terms, Math.min(wanted, countAvailable(gate, terms, now)), now);
        }
        const wait = msUntilAvailable(gate, terms, 1, now);
        expect(countAvailable(gate, terms, now + wait)).toBeGreaterThan(0);
        if (wait > 1) expect(countAvailable(gate, terms, now + wait - 1)).toBe(0);
      }),
    );
  });
});
