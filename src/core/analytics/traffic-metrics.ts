/** What sums come to, as people read them. */
import { addHistograms, type Histogram, type Percentiles, percentiles } from "./histogram.ts";

export interface TrafficSums {
  readonly requests: number;
  readonly errors: number;
  readonly timed: number;
  readonly durationMs: number;
  readonly requestBytes: number;
  /** Of tool calls. */
  readonly cost: number;
  readonly histogram: Histogram;
}

export interface TrafficMetrics extends Percentiles {
  readonly requests: number;
  readonly errors: number;
  /** 0 where there were no requests. */
  readonly errorRate: number;
  readonly avgMs: number | null;
  readonly requestBytes: number;
  /** Of tool calls. */
  readonly cost: number;
}

export function computeMetrics({
  requests,
  errors,
  timed,
  durationMs,
  requestBytes,
  cost,
  histogram,
}: TrafficSums): TrafficMetrics {
  return {
    requests,
    errors,
    errorRate: requests === 0 ? 0 : errors / requests,
    avgMs: timed === 0 ? null : durationMs / timed,
    ...percentiles(histogram),
    requestBytes,
    cost,
  };
}

export const EMPTY_SUMS: TrafficSums = {
  requests: 0,
  errors: 0,
  timed: 0,
  durationMs: 0,
  requestBytes: 0,
  cost: 0,
  histogram: [],
};

export function sumTraffic(all: readonly TrafficSums[]): TrafficSums {
  return all.reduce(
    (sum, one) => ({
      requests: sum.requests + one.requests,
      errors: sum.errors + one.errors,
      timed: sum.timed + one.timed,
      durationMs: sum.durationMs + one.durationMs,
      requestBytes: sum.requestBytes + one.requestBytes,
      cost: sum.cost + one.cost,
      histogram: addHistograms([sum.histogram, one.histogram]),
    }),
    EMPTY_SUMS,
  );
}
