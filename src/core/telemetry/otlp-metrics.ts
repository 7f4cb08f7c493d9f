/** Encodes metrics for OTLP/HTTP in JSON, from the totals of a day. */
import { LATENCY_BOUNDS_MS } from "../analytics/histogram.ts";
import { METRICS, type MetricKey } from "./metric-definitions.ts";
import { type Attributes, encodeAttributes, nanoseconds, type OtlpScope } from "./otlp.ts";

export interface MetricPoint {
  readonly metric: MetricKey;
  readonly attributes: Attributes;
  /** Of a counter or gauge. */
  readonly value?: number;
  /** Of a histogram: counts between the bounds of core/analytics/histogram.ts, and the sum of all durations. */
  readonly histogram?: readonly number[];
  readonly sumMs?: number;
}

export interface MetricPeriod {
  /** Milliseconds since the epoch: since when totals count. */
  readonly from: number;
  readonly to: number;
}

const CUMULATIVE = 2;
const BOUNDS_SECONDS = LATENCY_BOUNDS_MS.map((ms) => ms / 1000);

export function encodeMetrics(
  resource: Attributes,
  scope: OtlpScope,
  points: readonly MetricPoint[],
  period: MetricPeriod,
) {
  const metrics = [...Map.groupBy(points, ({ metric }) => metric)].map(([key, ofMetric]) => {
    const { name, description, unit, type } = METRICS[key];
    const dataPoints = ofMetric.map((point) => encodePoint(point, type, period));
    const data = {
      histogram: { histogram: { aggregationTemporality: CUMULATIVE, dataPoints } },
      counter: { sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } },
      gauge: { gauge: { dataPoints } },
    }[type];
    return { name, description, unit, ...data };
  });
  return {
    resourceMetrics: [
      { resource: { attributes: encodeAttributes(resource) }, scopeMetrics: [{ scope, metrics }] },
    ],
  };
}

function encodePoint(
  point: MetricPoint,
  type: "histogram" | "counter" | "gauge",
  { from, to }: MetricPeriod,
) {
  const common = {
    attributes: encodeAttributes(point.attributes),
    ...(type !== "gauge" && { startTimeUnixNano: nanoseconds(from) }),
    timeUnixNano: nanoseconds(to),
  };
  if (type !== "histogram") return { ...common, asDouble: point.value ?? 0 };
  // A stored histogram ends with its last count that is not 0.
  const counts = BOUNDS_SECONDS.concat(0).map((_, slot) => point.histogram?.[slot] ?? 0);
  return {
    ...common,
    count: String(counts.reduce((sum, count) => sum + count, 0)),
    sum: (point.sumMs ?? 0) / 1000,
    explicitBounds: BOUNDS_SECONDS,
    bucketCounts: counts.map(String),
  };
}
