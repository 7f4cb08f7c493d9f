/** Metrics as a collector receives them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATENCY_BOUNDS_MS } from "../../../src/core/analytics/histogram.ts";
import { encodeMetrics, type MetricPoint } from "../../../src/core/telemetry/otlp-metrics.ts";

const encode = (...points: MetricPoint[]) =>
  encodeMetrics({}, { name: "g", version: "1" }, points, { from: 1000, to: 2000 }).resourceMetrics[0]
    ?.scopeMetrics[0]?.metrics;

describe("encodeMetrics", () => {
  it("sends the points of one metric together, as totals since the beginning of the period", () => {
    const point = (tool: string, value: number): MetricPoint => ({
      ...{ metric: "toolErrors", attributes: { "gen_ai.tool.name": tool }, value },
    });
    expect(
      encode(point("a", 1), { metric: "serverUp", attributes: {}, value: 1 }, point("b", 2)),
    ).toMatchObject([
      {
        name: "mcp.gateway.tool.errors",
        unit: "{call}",
        sum: {
          aggregationTemporality: 2,
          isMonotonic: true,
          dataPoints: [
            { startTimeUnixNano: "1000000000", timeUnixNano: "2000000000", asDouble: 1 },
            { asDouble: 2, attributes: [{ key: "gen_ai.tool.name", value: { stringValue: "b" } }] },
          ],
        },
      },
      { name: "mcp.gateway.server.up", gauge: { dataPoints: [{ asDouble: 1 }] } },
    ]);
  });

  it("sends a stored histogram with all of its buckets, whose counts are its count", () => {
    const histogram = fc.array(fc.nat(1e6), { maxLength: LATENCY_BOUNDS_MS.length + 1 });
    fc.assert(
      fc.property(histogram, (counts) => {
        const metric = encode({
          metric: "toolDuration",
          attributes: {},
          histogram: counts,
          sumMs: 1500,
        })?.[0];
        const data = metric !== undefined && "histogram" in metric ? metric.histogram : undefined;
        const [point] = data?.dataPoints ?? [];
        if (point === undefined || !("bucketCounts" in point)) throw new Error("no histogram");
        expect(point.sum).toBe(1.5);
        expect(point.bucketCounts).toHaveLength(point.explicitBounds.length + 1);
        expect(point.bucketCounts.slice(0, counts.length).map(Number)).toEqual(counts);
        expect(point.count).toBe(String(counts.reduce((sum, count) => sum + count, 0)));
      }),
    );
  });
});
