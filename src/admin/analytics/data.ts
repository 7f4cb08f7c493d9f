/** What the analytics page shows, in one look into the database. */

import {
  DIMENSIONS,
  type Dimension,
  parseToolMember,
  TRAFFIC_KINDS,
  type TrafficKind,
} from "../../core/analytics/dimensions.ts";
import { buildHeatMap } from "../../core/analytics/heat-map.ts";
import { alignToGrain, defaultGrain } from "../../core/analytics/period.ts";
import { fillGaps } from "../../core/analytics/time-series.ts";
import { computeMetrics, sumTraffic } from "../../core/analytics/traffic-metrics.ts";
import { DAY_MS, HOUR_MS } from "../../core/durations.ts";
import { loadDashboard } from "../../db/queries/traffic/dashboard.ts";
import type { Services } from "../../services.ts";

export const RANGES = {
  hour: { label: "Last hour", ms: HOUR_MS },
  day: { label: "Last 24 hours", ms: DAY_MS },
  week: { label: "Last 7 days", ms: 7 * DAY_MS },
  month: { label: "Last 30 days", ms: 30 * DAY_MS },
  year: { label: "Last year", ms: 365 * DAY_MS },
} as const;
export type Range = keyof typeof RANGES;

const isRange = (name: string): name is Range => Object.hasOwn(RANGES, name);
export const ALL_RANGES: readonly Range[] = Object.keys(RANGES).filter(isRange);

/** The query of the analytics page, as its URL contains it. */
export interface AnalyticsQuery {
  readonly range: Range;
  readonly kind: TrafficKind;
  readonly of: Dimension;
  readonly member: string;
}

const among = <T extends string>(known: readonly T[], text: string | undefined, usual: T): T =>
  known.find((one) => one === text) ?? usual;

export function parseQuery(query: (name: string) => string | undefined): AnalyticsQuery {
  const range = query("range") ?? "";
  const member = query("member") ?? "";
  const of = among(DIMENSIONS, query("of"), "all");
  return {
    range: isRange(range) ? range : "day",
    kind: among(TRAFFIC_KINDS, query("kind"), "call"),
    // Of a dimension there is only one member at a time.
    of: member === "" ? "all" : of,
    member: of === "all" ? "" : member,
  };
}

/** As many whole weeks as make a habit visible. */
const HEAT_MS = 28 * DAY_MS;

/** Which sums answer for a range. */
function listSpans(range: Range, now: Date) {
  const period = { from: new Date(now.getTime() - RANGES[range].ms), to: now };
  const grain = defaultGrain(period);
  return {
    grain,
    span: alignToGrain(period, grain),
    weeks: alignToGrain({ from: new Date(now.getTime() - HEAT_MS), to: now }, "hour"),
  };
}

export type Analytics = Awaited<ReturnType<typeof loadAnalytics>>;

export async function loadAnalytics(services: Services, tenantId: string, asked: AnalyticsQuery, now: Date) {
  const { range, kind, of, member } = asked;
  const { grain, span, weeks } = listSpans(range, now);
  const db = services.database.withTenant(tenantId, "read");
  const [series, hours, tools, servers, users, keys, clients, errors, tenants] = await db.batch(
    loadDashboard(db, { ...span, tenantId, kind, grain, dimension: of, member }, weeks),
  );
  const timeZone = tenants[0]?.timeZone ?? "UTC";
  return {
    asked,
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
