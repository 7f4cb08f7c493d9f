/** Loads the data of the overview in one batch and derives its key figures. */

import type { Grain } from "../../core/analytics/dimensions.ts";
import { alignToGrain } from "../../core/analytics/period.ts";
import { fillGaps } from "../../core/analytics/time-series.ts";
import { computeMetrics, sumTraffic } from "../../core/analytics/traffic-metrics.ts";
import { DAY_MS } from "../../core/durations.ts";
import type { LimitRecommendation } from "../../core/limits/advice.ts";
import { listCurrentAnnouncements } from "../../db/queries/tenants/announcements.ts";
import { listTopMembers, loadTrafficSeries } from "../../db/queries/traffic/analytics.ts";
import { listOpenAlerts } from "../../db/queries/traffic/operations.ts";
import {
  countHeldTools,
  listKeysNearQuota,
  listOpenBreakers,
  listUnhealthyServers,
  loadOnboardingFacts,
} from "../../db/queries/traffic/overview.ts";
import { getServerHealthSummary } from "../../db/queries/traffic/reports.ts";
import type { Principal } from "../../identity/principal.ts";
import type { Services } from "../../services.ts";

export const RANGES = {
  hour: { label: "Last hour", ms: 3_600_000, grain: "minute" },
  day: { label: "Last 24 hours", ms: 86_400_000, grain: "hour" },
  week: { label: "Last 7 days", ms: 7 * 86_400_000, grain: "hour" },
} as const satisfies Record<string, { label: string; ms: number; grain: Grain }>;

export type Range = keyof typeof RANGES;

export const parseRange = (text: string | undefined): Range =>
  text === "day" || text === "week" ? text : "hour";

const MAX_ROWS = 6;

export type Overview = Awaited<ReturnType<typeof loadOverview>>;

export async function loadOverview(services: Services, principal: Principal, range: Range, now: Date) {
  const { tenantId, userId, role } = principal;
  const { ms, grain } = RANGES[range];
  const { to } = alignToGrain({ from: now, to: now }, grain);
  const span = { from: new Date(to.getTime() - ms), to };
  // The same sums as on the analytics page and for alert rules: MCP operations, whatever request brought them.
  const scope = { ...span, tenantId, grain, kind: "call" } as const;
  const today = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
  const db = services.database.withTenant(tenantId);
  const [
    [servers, series, tools, failures, alerts, announcements, troubled, withheld, resting, keys, onboarding],
    advice,
  ] = await Promise.all([
    db.batch([
      getServerHealthSummary(db),
      loadTrafficSeries(db, scope),
      listTopMembers(db, { ...scope, dimension: "tool", by: "requests", limit: MAX_ROWS }),
      listTopMembers(db, { ...scope, dimension: "error", by: "requests", limit: MAX_ROWS }),
      listOpenAlerts(db, tenantId, { limit: MAX_ROWS }),
      listCurrentAnnouncements(db, { tenantId, userId, role }, now),
      listUnhealthyServers(db, tenantId, MAX_ROWS),
      countHeldTools(db, tenantId),
      listOpenBreakers(db, tenantId),
      listKeysNearQuota(db, tenantId, today, MAX_ROWS),
      loadOnboardingFacts(db, tenantId),
    ]),
    adviceOf(services, tenantId),
  ]);
  return {
    range,
    span,
    servers: servers[0],
    course: fillGaps(series, span, grain),
    totals: computeMetrics(sumTraffic(series)),
    tools,
    failures,
    alerts,
    announcements,
    troubled,
    withheld: withheld[0]?.tools ?? 0,
    resting,
    keys: keys.filter(({ share }) => share >= NEARLY),
    advice,
    onboarding: onboarding[0],
  };
}

/** The share of a quota from which the overview shows a warning. */
const NEARLY = 0.7;

/** The state of the tenant's object; the page is shown even if the object does not respond. */
async function adviceOf(
  services: Services,
  tenantId: string,
): Promise<ReadonlyMap<string, LimitRecommendation>> {
  try {
    return await services.tenantObject(tenantId).getRecommendations();
  } catch {
    return new Map();
  }
}
