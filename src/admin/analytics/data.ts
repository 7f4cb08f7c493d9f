/** What the analytics page shows, in one look into the database. */

import {
  DIMENSIONS,
  type Dimension,
  parseToolMember,
  TRAFFIC_KINDS,
  type TrafficKind,
} from "../../core/analytics/dimensions.ts";
import { buildHeatMap } from "../../core/analytics/heat-map.ts";
import { alignToGrain, defaultGrain, type TimeSpan } from "../../core/analytics/period.ts";
import { fillGaps } from "../../core/analytics/time-series.ts";
import { computeMetrics, sumTraffic } from "../../core/analytics/traffic-metrics.ts";
import { DAY_MS } from "../../core/durations.ts";
import { loadDashboard } from "../../db/queries/traffic/dashboard.ts";
import type { Services } from "../../services.ts";
import { PERIODS_TO_A_YEAR, type PeriodQuery, resolvePeriod } from "../lists/period.ts";

/** Longer than any period that is kept. */
const MAX_PERIOD_MS = 3 * 366 * DAY_MS;

/** The query of the analytics page, as its URL contains it. */
export interface AnalyticsQuery {
  readonly period: PeriodQuery;
  readonly kind: TrafficKind;
  readonly of: Dimension;
  readonly member: string;
}

const among = <T extends string>(known: readonly T[], text: string | undefined, usual: T): T =>
  known.find((one) => one === text) ?? usual;

export function parseQuery(query: (name: string) => string | undefined): AnalyticsQuery {
  // Addresses from before custom periods have a range.
  const period = query("period") ?? query("range") ?? "";
  const member = query("member") ?? "";
  const of = among(DIMENSIONS, query("of"), "all");
  return {
    period: { period, from: query("from") ?? "", to: query("to") ?? "" },
    kind: among(TRAFFIC_KINDS, query("kind"), "call"),
    // Of a dimension there is only one member at a time.
    of: member === "" ? "all" : of,
    member: of === "all" ? "" : member,
  };
}

/** As many whole weeks as make a habit visible. */
const HEAT_MS = 28 * DAY_MS;

/** The period that the reader chose. The last day in place of one that is empty, backward or too long. */
export function findPeriod(
  query: PeriodQuery,
  now: Date,
  timeZone: string,
): TimeSpan & { isInvalid: boolean } {
  const lastDay = { from: new Date(now.getTime() - DAY_MS), to: now };
  const bounds = resolvePeriod(query, now, timeZone, PERIODS_TO_A_YEAR);
  const from = bounds.from === undefined ? lastDay.from : new Date(bounds.from);
  const to = bounds.to === undefined ? now : new Date(bounds.to);
  const ms = to.getTime() - from.getTime();
  const isInvalid = !(ms > 0 && ms <= MAX_PERIOD_MS);
  return { ...(isInvalid ? lastDay : { from, to }), isInvalid };
}

/** Which sums answer for a period. */
function listSpans(period: TimeSpan, now: Date) {
  const grain = defaultGrain(period);
  return {
    grain,
    span: alignToGrain(period, grain),
    weeks: alignToGrain({ from: new Date(now.getTime() - HEAT_MS), to: now }, "hour"),
  };
}

export type Analytics = Awaited<ReturnType<typeof loadAnalytics>>;

export interface AnalyticsReader {
  readonly tenantId: string;
  readonly timeZone: string;
}

export async function loadAnalytics(
  services: Services,
  { tenantId, timeZone: readersZone }: AnalyticsReader,
  asked: AnalyticsQuery,
  now: Date,
) {
  const { kind, of, member } = asked;
  const { isInvalid, ...period } = findPeriod(asked.period, now, readersZone);
  const { grain, span, weeks } = listSpans(period, now);
  const db = services.database.withTenant(tenantId, "read");
  const [series, hours, tools, servers, users, keys, clients, errors, tenants] = await db.batch(
    loadDashboard(db, { ...span, tenantId, kind, grain, dimension: of, member }, weeks),
  );
  const timeZone = tenants[0]?.timeZone ?? "UTC";
  return {
    asked,
    isInvalidPeriod: isInvalid,
    span,
    grain,
    course: fillGaps(series, span, grain),
    totals: computeMetrics(sumTraffic(series)),
    heat: { timeZone, cells: buildHeatMap(hours, timeZone) },
    top: { tool: tools, server: servers, user: users, key: keys, client: clients },
    errors,
  };
}

export type Top = Analytics["top"]["tool"][number];

/** As they are called now; what is gone keeps its id. */
export function memberName(of: Dimension, { member, name }: Pick<Top, "member" | "name">): string {
  if (of !== "tool") return name ?? member;
  const { serverId, tool } = parseToolMember(member);
  return `${tool} (${name ?? serverId})`;
}
