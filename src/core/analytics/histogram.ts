/**
 * Latency histograms with fixed bounds, so that the counts of many minutes, servers or tenants can be added and still
 * yield percentiles. There are ten bounds per decade (Renard series R10): interpolation between two bounds keeps the
 * error of a percentile below 25 %, and in practice at a few percent.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8, 10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200,
  250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000, 10_000, 12_500,
  16_000, 20_000, 25_000, 31_500, 40_000, 50_000, 63_000, 80_000, 100_000,
];

/** Counts below the first bound, between each two, and from the last one on; a shorter one ends in zeros. */
export type Histogram = readonly number[];

export function addHistograms(histograms: Iterable<Histogram>): Histogram {
  const sum = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);
  for (const histogram of histograms) {
    for (const [slot, count] of histogram.entries()) sum[slot] = (sum[slot] ?? 0) + count;
  }
  return sum;
}

/** Returns undefined for an empty histogram. Values above the last bound count as that bound. */
export function percentile(histogram: Histogram, fraction: number): number | undefined {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const wanted = fraction * total;
  let below = 0;
  for (const [slot, count] of histogram.entries()) {
    if (count > 0 && below + count >= wanted) {
      const from = slot === 0 ? 0 : boundAt(slot - 1);
      const to = boundAt(slot);
      return from + ((to - from) * Math.max(0, wanted - below)) / count;
    }
    below += count;
  }
  return boundAt(LATENCY_BOUNDS_MS.length);
}

const boundAt = (index: number): number => LATENCY_BOUNDS_MS[index] ?? LATENCY_BOUNDS_MS.at(-1) ?? 0;

export interface Percentiles {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

export function percentiles(histogram: Histogram): Percentiles {
  const at = (fraction: number) => percentile(histogram, fraction) ?? null;
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
