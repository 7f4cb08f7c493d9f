/** Traffic by weekday and hour in one time zone. */
import type { TrafficSums } from "./traffic-metrics.ts";

export interface TrafficHour extends Pick<TrafficSums, "requests" | "errors" | "timed" | "durationMs"> {
  readonly at: Date;
}

export interface HeatCell {
  /** 1 is Monday, as in ISO 8601. */
  readonly weekday: number;
  readonly hour: number;
  readonly requests: number;
  readonly errors: number;
  readonly avgMs: number | null;
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const HOURS = 24;

/** All 168 hours of a week, Monday's first. */
export function buildHeatMap(hours: readonly TrafficHour[], timeZone: string): HeatCell[] {
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    hourCycle: "h23",
  });
  const cells = Array.from({ length: WEEKDAYS.length * HOURS }, () => ({
    requests: 0,
    errors: 0,
    timed: 0,
    durationMs: 0,
  }));
  for (const { at, requests, errors, timed, durationMs } of hours) {
    const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]));
    const cell = cells[WEEKDAYS.indexOf(parts.get("weekday") ?? "") * HOURS + Number(parts.get("hour"))];
    if (cell === undefined) continue;
    cell.requests += requests;
    cell.errors += errors;
    cell.timed += timed;
    cell.durationMs += durationMs;
  }
  return cells.map(({ timed, durationMs, ...counts }, index) => ({
    weekday: Math.floor(index / HOURS) + 1,
    hour: index % HOURS,
    ...counts,
    avgMs: timed === 0 ? null : durationMs / timed,
  }));
}
