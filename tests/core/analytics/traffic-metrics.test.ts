/** The results of sums, the selection of sums, and the names of errors. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GRAIN_MS, GRAINS } from "../../../src/core/analytics/dimensions.ts";
import { classifyError, ERROR_CLASSES } from "../../../src/core/analytics/error-classes.ts";
import { buildHeatMap } from "../../../src/core/analytics/heat-map.ts";
import {
  alignToGrain,
  defaultGrain,
  listBuckets,
  splitByRollup,
} from "../../../src/core/analytics/period.ts";
import { computeMetrics, sumTraffic } from "../../../src/core/analytics/traffic-metrics.ts";
import { ERROR_CODES } from "../../../src/core/error-codes.ts";
import { jsonRpcCode } from "../../../src/core/mcp/responses.ts";

const HOUR_MS = 3_600_000;

describe("figures", () => {
  it("are undefined without data, and divide by timed requests only", () => {
    expect(computeMetrics(sumTraffic([]))).toEqual({
      requests: 0,
      errors: 0,
      errorRate: 0,
      avgMs: null,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      requestBytes: 0,
      cost: 0,
    });
    const one = {
      requests: 4,
      errors: 1,
      timed: 2,
      durationMs: 30,
      requestBytes: 7,
      cost: 3,
      histogram: [0, 2],
    };
    expect(computeMetrics(sumTraffic([one, one]))).toMatchObject({
      requests: 8,
      errorRate: 0.25,
      avgMs: 15,
      p50Ms: 1.125,
      requestBytes: 14,
      cost: 6,
    });
  });
});

describe("a period", () => {
  it.each([
    [1, "minute"],
    [6, "minute"],
    [24, "hour"],
    [14 * 24, "hour"],
    [60 * 24, "day"],
    [3000 * 24, "day"],
  ])("of %i hours is usually divided by %s", (hours, grain) => {
    expect(defaultGrain({ from: new Date(0), to: new Date(hours * HOUR_MS) })).toBe(grain);
  });

  it("is widened to whole units, and never by more than one at either end", () => {
    const moment = fc.integer({ min: 0, max: 4e12 });
    fc.assert(
      fc.property(moment, moment, fc.constantFrom(...GRAINS), (one, other, grain) => {
        const [from, to] = [new Date(Math.min(one, other)), new Date(Math.max(one, other))];
        const whole = alignToGrain({ from, to }, grain);
        const unit = GRAIN_MS[grain];
        expect([whole.from.getTime() % unit, whole.to.getTime() % unit]).toEqual([0, 0]);
        expect(from.getTime() - whole.from.getTime()).toBeLessThan(unit);
        expect(whole.to.getTime() - to.getTime()).toBeLessThan(unit);
        expect(listBuckets(whole, grain) * unit).toBe(whole.to.getTime() - whole.from.getTime());
      }),
    );
  });
});

describe("pieces of a period", () => {
  const moment = fc.integer({ min: 0, max: 3_000_000 }).map((minutes) => new Date(minutes * 60_000));

  it("hold each of its minutes once, each in whole units", () => {
    fc.assert(
      fc.property(moment, moment, fc.constantFrom(...GRAINS), (one, other, grain) => {
        const [early, late] = one < other ? [one, other] : [other, one];
        const span = alignToGrain({ from: early, to: late }, grain);
        const pieces = splitByRollup(span, grain).toSorted(
          (left, right) => left.from.getTime() - right.from.getTime(),
        );
        expect([pieces[0]?.from, pieces.at(-1)?.to]).toEqual([span.from, span.to]);
        for (const [index, piece] of pieces.entries()) {
          expect(alignToGrain(piece, piece.grain)).toEqual({ from: piece.from, to: piece.to });
          if (index > 0) expect(piece.from).toEqual(pieces[index - 1]?.to);
        }
      }),
    );
  });

  it("are few: a week by hours is six days and a day's hours", () => {
    const span = { from: new Date("2026-11-14T15:00:00Z"), to: new Date("2026-11-21T15:00:00Z") };
    const units = splitByRollup(span, "hour").map((piece) => [piece.grain, listBuckets(piece, piece.grain)]);
    expect(units).toEqual([
      ["hour", 9],
      ["hour", 15],
      ["day", 6],
    ]);
  });
});

describe("a heat map", () => {
  it("goes by the clock of its time zone, summer time included", () => {
    const hour = (at: string) => ({ at: new Date(at), requests: 1, errors: 0, timed: 1, durationMs: 10 });
    // A Sunday night in winter and one in summer, both after midnight in Berlin.
    const hours = [hour("2026-01-04T23:00:00Z"), hour("2026-07-05T22:00:00Z")];
    const cells = buildHeatMap(hours, "Europe/Berlin");
    expect(cells).toHaveLength(168);
    expect(cells.filter(({ requests }) => requests > 0)).toEqual([
      { weekday: 1, hour: 0, requests: 2, errors: 0, avgMs: 10 },
    ]);
    const inUtc = buildHeatMap(hours, "UTC").filter(({ requests }) => requests > 0);
    expect(inUtc.map(({ weekday, hour }) => [weekday, hour])).toEqual([
      [7, 22],
      [7, 23],
    ]);
  });
});

describe("an error", () => {
  it.each([
    ["tool", "tool"],
    ["-32602", "caller"],
    ["-32603", "server"],
    ["-32099", "server"],
    ["http_401", "refused"],
    ["http_418", "caller"],
    ["http_502", "gateway"],
    ["upstream_timeout", "server"],
    ["too_many_requests", "limited"],
    ["database_unavailable", "gateway"],
    ["not_found", "caller"],
  ])("%s is the %s's", (code, expected) => {
    expect(classifyError(code).class).toBe(expected);
  });

  it("of ours is called the same by its name and by its number", () => {
    for (const code of ERROR_CODES) {
      expect(ERROR_CLASSES).toContain(classifyError(code).class);
      if (jsonRpcCode(code) <= -31_400 && jsonRpcCode(code) > -32_000) {
        expect(classifyError(String(jsonRpcCode(code)))).toEqual(classifyError(code));
      }
    }
  });
});
