/** The preview of a rate limit against past minutes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { previewLimit } from "../../../src/core/limits/preview-limit.ts";

const MINUTE = 60_000;
const minute = (at: number, requests: number) => ({ at: at * MINUTE, requests });
const limit = (limitCount: number, windowSeconds = 60, burstFactor = 1) => ({
  limitCount,
  windowSeconds,
  burstFactor,
});

describe("the preview of a rate limit", () => {
  it.each([
    ["nothing without traffic", limit(5), [], { requests: 0, highest: 0, rejected: 0 }],
    [
      "what exceeds a minute",
      limit(5),
      [minute(0, 4), minute(1, 8)],
      { requests: 12, highest: 8, rejected: 3 },
    ],
    [
      "what exceeds a sliding window",
      limit(10, 120),
      [minute(0, 6), minute(1, 6), minute(2, 6)],
      { requests: 18, highest: 12, rejected: 2 },
    ],
    [
      "nothing within the burst",
      limit(5, 60, 2),
      [minute(0, 10)],
      { requests: 10, highest: 10, rejected: 0 },
    ],
    ["everything at 0", limit(0), [minute(0, 3)], { requests: 3, highest: 3, rejected: 3 }],
  ])("counts %s", (_, rule, minutes, expected) => {
    expect(previewLimit(rule, minutes)).toEqual(expected);
  });

  it("never admits more than the limit within a window, and rejects nothing that fits", () => {
    const traffic = fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 50 })));
    fc.assert(
      fc.property(
        traffic,
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 10 }),
        (sent, most, length) => {
          const byMinute = new Map(sent);
          const minutes = [...byMinute].toSorted(([a], [b]) => a - b).map(([at, count]) => minute(at, count));
          const { requests, highest, rejected } = previewLimit(limit(most, length * 60), minutes);
          const inWindow = (at: number) =>
            minutes
              .filter((one) => one.at <= at && one.at > at - length * MINUTE)
              .reduce((sum, one) => sum + one.requests, 0);
          expect(highest).toBe(Math.max(0, ...minutes.map(({ at }) => inWindow(at))));
          expect(requests).toBe([...byMinute.values()].reduce((sum, count) => sum + count, 0));
          if (highest <= most) expect(rejected).toBe(0);
          else expect(rejected).toBeGreaterThan(0);
          expect(rejected).toBeLessThanOrEqual(requests);
        },
      ),
    );
  });
});
