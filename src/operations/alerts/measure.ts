/** Measures what a page of rules watches over: one batch, one statement a kind of metric. */

import type { MetricName } from "../../core/alerts/metrics.ts";
import { computeTrafficValue, TRAFFIC_METRICS } from "../../core/alerts/traffic-metrics.ts";
import type { Database } from "../../db/client.ts";
import {
  countOpenBreakers,
  countUnhealthyServers,
  type MeasuredServer,
  type MeasuredValue,
  measureBudgets,
  measureFailedJobs,
  measureKeyQuota,
  measureLimitHits,
  measureSecurityEvents,
  measureServerBreakers,
  measureServerHealth,
  measureSystem,
  measureTraffic,
} from "../../db/queries/logs/alert-readings.ts";

export interface MeasuredRule {
  readonly id: string;
  readonly metric: MetricName;
}

export interface RuleReadings {
  /** Undefined where there was nothing to measure. */
  value(rule: MeasuredRule): number | undefined;
  /** Of the metrics that are each server's own. */
  ofServers(rule: MeasuredRule): readonly MeasuredServer[];
}

export async function measure(
  database: Database,
  rules: readonly MeasuredRule[],
  now: () => number,
): Promise<RuleReadings> {
  const db = database.asSystem();
  const at = new Date(now());
  const ids = (...metrics: readonly MetricName[]) =>
    rules.filter(({ metric }) => metrics.includes(metric)).map(({ id }) => id);
  const began = now();
  const [system] = await measureSystem(db);
  const databaseMs = now() - began;
  // Statements without a rule find none, and end there.
  const [traffic, health, ofBreakers, ...counted] = await db.batch([
    measureTraffic(db, ids(...TRAFFIC_METRICS), at),
    measureServerHealth(db, ids("server_health")),
    measureServerBreakers(db, ids("server_breaker")),
    measureLimitHits(db, ids("limit_hits"), at),
    measureSecurityEvents(db, ids("security_events"), at),
    measureKeyQuota(db, ids("key_quota"), at),
    countUnhealthyServers(db, ids("unhealthy_servers")),
    countOpenBreakers(db, ids("open_breakers")),
    measureFailedJobs(db, ids("failed_jobs"), at),
    measureBudgets(db, ids("budget_used"), at),
  ]);
  const trafficOf = new Map(traffic.map((row) => [row.alertId, row]));
  const counts = computeValues(counted.flat());
  const servers = Map.groupBy([...health, ...ofBreakers], ({ alertId }) => alertId);
  return {
    value({ id, metric }) {
      switch (metric) {
        case "queue_backlog":
          return system?.backlog;
        case "database_connections":
          return system?.connections;
        case "database_ms":
          return databaseMs;
        case "server_health":
        case "server_breaker":
          return undefined;
        case "limit_hits":
        case "security_events":
        case "key_quota":
        case "budget_used":
        case "unhealthy_servers":
        case "open_breakers":
        case "failed_jobs":
          return counts.get(id) ?? 0;
        default:
          return computeTrafficValue(metric, trafficOf.get(id));
      }
    },
    ofServers: ({ id }) => servers.get(id) ?? [],
  };
}

const computeValues = (measured: readonly MeasuredValue[]) =>
  new Map(measured.map(({ alertId, value }) => [alertId, value]));
