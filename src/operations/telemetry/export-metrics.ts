/** Sends the totals of the day to the collectors of the tenants that enable it. One run a minute is the only writer. */
import { DAY_MS, MINUTE_MS } from "../../core/durations.ts";
import { readTenantSettings, type TenantSettings } from "../../core/settings/all-tenants.ts";
import {
  COLLECTOR_KEYS,
  type Collector,
  collectorKey,
  resolveCollector,
} from "../../core/settings/tracing.ts";
import { encodeMetrics, type MetricPeriod } from "../../core/telemetry/otlp-metrics.ts";
import type { Database } from "../../db/client.ts";
import { listStoredSettings } from "../../db/queries/tenants/settings.ts";
import { listActiveTenantIds } from "../../db/queries/tenants/tenants.ts";
import { listDayTotals, listServerHealth } from "../../db/queries/traffic/day-totals.ts";
import type { OtlpClient } from "../../logs/otlp-client.ts";
import { toMetricPoints } from "./day-points.ts";

export interface TelemetryDeps {
  readonly database: Database;
  readonly otlp: OtlpClient;
}

const ENABLED = "telemetry.metrics.enabled";

/** Of a collector of the whole system. */
const MAX_TENANTS = 10_000;
/** Of one collector in one run; beyond it the least used tools and methods are left out. */
const MAX_TOTALS = 4000;
const MAX_SERVERS = 2000;
/** Of one request: histograms have 53 numbers each. */
const MAX_POINTS = 1000;

export async function exportMetrics({ database, otlp }: TelemetryDeps, now: Date): Promise<void> {
  const db = database.asSystem();
  const settings = readTenantSettings(await listStoredSettings(db, [ENABLED, ...COLLECTOR_KEYS]));
  const collectors = await listCollectors(database, settings);
  const periods = listPeriods(now.getTime());
  for (const { collector, tenantIds } of collectors) {
    const servers = await listServerHealth(db, tenantIds, MAX_SERVERS);
    for (const [at, period] of periods.entries()) {
      const totals = await listDayTotals(db, new Date(period.from), tenantIds, MAX_TOTALS);
      // Health is as of now, which is in the last period.
      const points = toMetricPoints(totals, servers, { hasHealth: at === periods.length - 1 });
      for (let from = 0; from < points.length; from += MAX_POINTS) {
        const body = encodeMetrics(otlp.resource, otlp.scope, points.slice(from, from + MAX_POINTS), period);
        await otlp.post(collector, "metrics", body);
      }
    }
  }
}

interface MetricsTarget {
  readonly collector: Collector;
  readonly tenantIds: readonly string[];
}

/** Tenants with the same collector share its requests. */
async function listCollectors(database: Database, settings: TenantSettings): Promise<MetricsTarget[]> {
  const listed = settings.listTenants((each) => each[ENABLED] && each["telemetry.otlp.endpoint"] !== "");
  const ids = listed ?? (await listActiveTenantIds(database.asSystem(), MAX_TENANTS)).map(({ id }) => id);
  const targets = new Map<string, { collector: Collector; tenantIds: string[] }>();
  for (const id of ids) {
    const collector = settings.get(id)[ENABLED] ? resolveCollector(settings.stored(id)) : undefined;
    if (collector === undefined) continue;
    const key = collectorKey(collector);
    const target = targets.get(key) ?? { collector, tenantIds: [] };
    target.tenantIds.push(id);
    targets.set(key, target);
  }
  return [...targets.values()];
}

/** Shortly after midnight the day before is sent once more: its last requests were added up after its last run. */
function listPeriods(now: number): MetricPeriod[] {
  const midnight = Math.floor(now / DAY_MS) * DAY_MS;
  const today = { from: midnight, to: now };
  return now - midnight < 3 * MINUTE_MS ? [{ from: midnight - DAY_MS, to: midnight - 1 }, today] : [today];
}
