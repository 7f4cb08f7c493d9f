/** The trend of open database connections over a day of samples, and when the limit is reached if it goes on. */
import { DAY_MS, HOUR_MS } from "../durations.ts";

export interface ConnectionSample {
  readonly at: Date;
  readonly connections: number;
  readonly maxConnections: number;
}

export interface ConnectionForecast {
  /** Slope of the line of least squares. */
  readonly connectionsPerHour: number;
  /** Share of the variance that the line explains (r²): near 0 there is no trend. */
  readonly fit: number;
  /** Null: no rising trend, or not within a week. */
  readonly exhaustedAt: Date | null;
}

/** One per minute of a day. */
const FORECAST_SAMPLES = 1440;
const MIN_SAMPLES = 30;
/** Below that, the samples scatter too much for a line to predict a time. */
const MIN_FIT = 0.5;
const HORIZON_MS = 7 * DAY_MS;

/** Undefined where there are too few samples. Their order does not matter; the newest are used. */
export function forecastConnections(given: readonly ConnectionSample[]): ConnectionForecast | undefined {
  const samples = given
    .toSorted((one, other) => one.at.getTime() - other.at.getTime())
    .slice(-FORECAST_SAMPLES);
  const last = samples.at(-1);
  if (last === undefined || samples.length < MIN_SAMPLES) return undefined;
  const line = fitLine(
    samples.map(({ at, connections }) => [(at.getTime() - last.at.getTime()) / HOUR_MS, connections]),
  );
  const { slope, fit } = line;
  return { connectionsPerHour: slope, fit, exhaustedAt: findExhaustion(line, last) };
}

interface Line {
  readonly slope: number;
  /** At the time of the last sample. */
  readonly value: number;
  readonly fit: number;
}

function findExhaustion({ slope, value, fit }: Line, { at, maxConnections }: ConnectionSample): Date | null {
  if (slope <= 0 || fit < MIN_FIT) return null;
  const inMs = Math.max(0, ((maxConnections - value) / slope) * HOUR_MS);
  return inMs > HORIZON_MS ? null : new Date(at.getTime() + inMs);
}

function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  const slope = xx === 0 ? 0 : xy / xx;
  return { slope, value: meanY - slope * meanX, fit: xx === 0 || yy === 0 ? 0 : xy ** 2 / (xx * yy) };
}
