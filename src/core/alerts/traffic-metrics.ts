/** The metrics of alert rules that are computed from sums of traffic by minute. */
import { type Histogram, percentile } from "../analytics/histogram.ts";
import type { MetricName } from "./metrics.ts";

export const TRAFFIC_METRICS = [
  "error_rate",
  "latency_p50",
  "latency_p95",
  "latency_p99",
  "requests",
] as const satisfies readonly MetricName[];
export type TrafficMetric = (typeof TRAFFIC_METRICS)[number];

export interface TrafficSum {
  readonly requests: number;
  readonly errors: number;
  readonly histogram: Histogram;
}

/** Undefined where there was nothing to measure. */
export function computeTrafficValue(metric: TrafficMetric, sum: TrafficSum | undefined): number | undefined {
  if (metric === "requests") return sum?.requests ?? 0;
  if (sum === undefined || sum.requests === 0) return undefined;
  switch (metric) {
    case "error_rate":
      return sum.errors / sum.requests;
    case "latency_p50":
      return percentile(sum.histogram, 0.5);
    case "latency_p95":
      return percentile(sum.histogram, 0.95);
    case "latency_p99":
      return percentile(sum.histogram, 0.99);
  }
}
