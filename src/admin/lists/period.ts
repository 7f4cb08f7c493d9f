/** Time ranges of lists: presets, and a custom range in the reader's time zone. */
import { parseWallClock, startOfDay } from "../../core/time-zone.ts";
import type { Option } from "../forms/fields.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const DEFAULT_PERIOD = "day";
const CUSTOM_PERIOD = "custom";
const YEAR_PERIOD = "year";

export const PERIODS: readonly Option[] = [
  { value: "hour", label: "Last hour" },
  { value: DEFAULT_PERIOD, label: "Last 24 hours" },
  { value: "today", label: "Today" },
  { value: "yesterday", label: "Yesterday" },
  { value: "week", label: "Last 7 days" },
  { value: "month", label: "Last 30 days" },
  { value: CUSTOM_PERIOD, label: "Custom" },
];

/** Of pages whose figures are sums, which are kept for longer than records. */
export const PERIODS_TO_A_YEAR: readonly Option[] = [
  ...PERIODS.slice(0, -1),
  { value: YEAR_PERIOD, label: "Last year" },
  ...PERIODS.slice(-1),
];

/** What stands in the address. `from` and `to` are wall-clock times of the reader's zone, or instants with an offset. */
export interface PeriodQuery {
  readonly period: string;
  readonly from: string;
  readonly to: string;
}

/** Addresses from before the presets have only `from` and `to`. */
export const periodName = ({ period, from, to }: PeriodQuery, known = PERIODS): string => {
  if (known.some(({ value }) => value === period)) return period;
  return from === "" && to === "" ? DEFAULT_PERIOD : CUSTOM_PERIOD;
};

/** The parameters of the REST API. A text that is no time goes there as it is, to be rejected in its words. */
export function resolvePeriod(
  query: PeriodQuery,
  now: Date,
  timeZone: string,
  known = PERIODS,
): { readonly from?: string; readonly to?: string } {
  const since = (ms: number) => ({ from: new Date(now.getTime() - ms).toISOString() });
  switch (periodName(query, known)) {
    case "hour":
      return since(HOUR_MS);
    case "today":
      return { from: startOfDay(now, timeZone).toISOString() };
    case "yesterday":
      return {
        from: startOfDay(now, timeZone, 1).toISOString(),
        to: startOfDay(now, timeZone).toISOString(),
      };
    case "week":
      return since(7 * DAY_MS);
    case "month":
      return since(30 * DAY_MS);
    case YEAR_PERIOD:
      return since(365 * DAY_MS);
    case CUSTOM_PERIOD: {
      const { from, to } = query;
      const instant = (text: string) => parseWallClock(text, timeZone)?.toISOString() ?? text;
      return { ...(from !== "" && { from: instant(from) }), ...(to !== "" && { to: instant(to) }) };
    }
    default:
      return {};
  }
}
