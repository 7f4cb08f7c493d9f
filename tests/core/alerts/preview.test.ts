import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PreviewedRule, previewRule, type TrafficMinute } from "../../../src/core/alerts/preview.ts";
import { computeTrafficValue } from "../../../src/core/alerts/traffic-metrics.ts";

const MINUTE = 60_000;
const rule: PreviewedRule = {
  ...{ metric: "error_rate", comparison: "gt", threshold: 0.1, resolveThreshold: null },
  ...{ windowSeconds: 60, forSeconds: 0 },
};
const minute = (index: number, requests: number, errors: number): TrafficMinute => ({
  at: index * MINUTE,
  ...{ requests, errors, histogram: [requests] },
});
const period = { from: 0, to: 60 * MINUTE };

describe("the preview of an alert rule", () => {
  it("lists when it would have fired, and for how long", () => {
    const minutes = Array.from({ length: 60 }, (_, index) =>
      minute(index, 10, index === 5 || (index >= 20 && index < 30) ? 5 : 0),
    );
    const { firings, value, highest } = previewRule(rule, minutes, period);
    expect(firings).toEqual([
      { from: 6 * MINUTE, to: 7 * MINUTE },
      { from: 21 * MINUTE, to: 31 * MINUTE },
    ]);
    expect([value, highest]).toEqual([0, 0.5]);
  });

  it("obeys the pending time", () => {
    const minutes = [
      minute(5, 10, 5),
      ...Array.from({ length: 10 }, (_, index) => minute(20 + index, 10, 5)),
    ];
    expect(previewRule({ ...rule, forSeconds: 300 }, minutes, period).firings).toEqual([
      { from: 26 * MINUTE, to: 32 * MINUTE },
    ]);
  });

  it("has no end while it would still be firing, and no value without traffic", () => {
    const busy = Array.from({ length: 61 }, (_, index) => minute(index, 10, 10));
    expect(previewRule(rule, busy, period).firings).toEqual([{ from: MINUTE, to: undefined }]);
    expect(previewRule(rule, [], period)).toEqual({ value: undefined, highest: undefined, firings: [] });
  });

  it("sums each window as adding up its minutes does", () => {
    const traffic = fc.array(fc.record({ requests: fc.nat(50), errors: fc.nat(50) }), { maxLength: 60 });
    fc.assert(
      fc.property(traffic, fc.integer({ min: 1, max: 90 }), (rows, windowMinutes) => {
        const minutes = rows.map(({ requests, errors }, index) => minute(index, requests, errors));
        const { value } = previewRule(
          { ...rule, metric: "requests", windowSeconds: windowMinutes * 60 },
          minutes,
          period,
        );
        const inside = minutes.filter(({ at }) => at >= period.to - windowMinutes * MINUTE && at < period.to);
        const requests = inside.reduce((sum, row) => sum + row.requests, 0);
        expect(value).toBe(computeTrafficValue("requests", { requests, errors: 0, histogram: [] }));
      }),
    );
  });
});
