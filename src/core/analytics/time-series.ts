/** Traffic over time without gaps: units in which there was nothing have no sums, and charts show them all the same. */

import { GRAIN_MS, type Grain } from "./dimensions.ts";
import { listBuckets, type TimeSpan } from "./period.ts";
import { computeMetrics, EMPTY_SUMS, type TrafficMetrics, type TrafficSums } from "./traffic-metrics.ts";

export interface TimeSeries {
  /** Milliseconds, when each unit begins. */
  readonly times: readonly number[];
  readonly figures: readonly TrafficMetrics[];
}

/** `span` holds whole units. */
export function fillGaps(
  rows: readonly (TrafficSums & { readonly at: Date })[],
  span: TimeSpan,
  grain: Grain,
): TimeSeries {
  const known = new Map(rows.map((row) => [row.at.getTime(), row]));
  const times = Array.from(
    { length: listBuckets(span, grain) },
    (_, index) => span.from.getTime() + index * GRAIN_MS[grain],
  );
  return { times, figures: times.map((at) => computeMetrics(known.get(at) ?? EMPTY_SUMS)) };
}
