// Alert rules, retention policies and configuration.
import { isMetric } from "../../../src/core/alerts/metrics.ts";
import { MIN_RETENTION_DAYS, RETENTION_TABLES } from "../../../src/core/retention.ts";
import { isCustomKey } from "../../../src/core/settings/definitions.ts";
import { RejectedRow, toUuid } from "../row-reader.ts";
import { toTargetRow } from "../target-tables.ts";
import type { Transform } from "./transformed.ts";

const COMPARISONS = new Map([
  [">", "gt"],
  [">=", "gte"],
  ["<", "lt"],
  ["<=", "lte"],
]);
const METRICS = new Map([
  ["error_rate", "error_rate"],
  ["response_time_ms", "latency_p95"],
  ["avg_response_time", "latency_p50"],
  ["p95_response_time", "latency_p95"],
  ["p99_response_time", "latency_p99"],
  ["request_count", "requests"],
  ["total_requests", "requests"],
]);
const MINUTE_SECONDS = 60;

export const transformAlert: Transform = (row, references) => {
  const oldServer = row.reference("server_id");
  const server = oldServer === undefined ? undefined : references.server(oldServer);
  if (oldServer !== undefined && server === undefined)
    throw new RejectedRow(`server ${oldServer} does not exist`);
  const tenantId = server?.tenantId ?? references.defaultTenant;
  if (tenantId === undefined) throw new RejectedRow('names no server and the tenant map has no "*"');
  const old = row.requiredText("metric_name", 100).toLowerCase();
  const metric = METRICS.get(old) ?? old;
  if (!isMetric(metric)) throw new RejectedRow(`metric_name "${old}" has no equal here`);
  const comparison = COMPARISONS.get(row.requiredText("comparison_operator", 10));
  if (comparison === undefined) throw new RejectedRow("comparison_operator has no equal here");
  const threshold = row.number("threshold_value");
  if (threshold === null) throw new RejectedRow("threshold_value is missing");
  const isPercentage = metric === "error_rate" && threshold > 1;
  if (isPercentage) row.repairs.add("threshold_value: a percentage, divided by 100");
  if (row.list("notification_channels").length > 0)
    row.repairs.add("notification_channels: left out; add channels to the rule");
  const alert = toTargetRow("performance_alerts", {
    id: row.uuid("id", "performance_alerts"),
    tenant_id: tenantId,
    name: row.requiredText("name", 200),
    description: row.text("description", 2000),
    metric,
    comparison,
    threshold: isPercentage ? threshold / 100 : threshold,
    for_seconds: Math.min(604_800, row.count("duration_minutes", 5) * MINUTE_SECONDS),
    server_id: server?.id ?? null,
    is_active: row.flag("is_active", true),
    ...row.stamps(),
  });
  return { rows: [alert] };
};

const OLD_TABLES = new Map([["fastmcp_audit_log", "mcp_audit_logs"]]);

/** The old policies held for the whole system, and so would these; they begin disabled, since they delete. */
export const transformRetention: Transform = (row) => {
  const old = row.requiredText("table_name", 100);
  const table = RETENTION_TABLES.find((name) => name === (OLD_TABLES.get(old) ?? old));
  if (table === undefined) throw new RejectedRow(`table_name "${old}" has no retention here`);
  const days = row.count("retention_days", 0, 36_500, MIN_RETENTION_DAYS[table] ?? 1);
  if (row.flag("is_active", true))
    row.repairs.add("is_active: imported disabled; enable it after the migration");
  const policy = toTargetRow("data_retention_policies", {
    id: toUuid("retention", table),
    tenant_id: null,
    table_name: table,
    retention_days: days,
    is_active: false,
    ...row.stamps(),
  });
  return { rows: [policy] };
};

const KEY = /^[a-z][a-z0-9_.-]{0,199}$/;

export const transformConfig: Transform = (row, references) => {
  const oldTenant = row.reference("tenant_id");
  const tenantId = oldTenant === undefined ? undefined : references.tenant(oldTenant);
  if (oldTenant !== undefined && tenantId === undefined)
    throw new RejectedRow(`tenant ${oldTenant} does not exist`);
  if (row.flag("is_sensitive", false))
    throw new RejectedRow("is sensitive: enter the value again, it is sealed here");
  const old = row.requiredText("key", 200).toLowerCase();
  const key = isCustomKey(old) ? `legacy.${old}`.slice(0, 200) : old;
  if (!KEY.test(key)) throw new RejectedRow(`key "${old}" has characters that no key may have`);
  if (key !== old) row.repairs.add("key: the prefix is the gateway's own, so legacy. was put before it");
  const config = toTargetRow("system_configs", {
    id: row.uuid("id", "system_configs"),
    tenant_id: tenantId ?? null,
    key,
    value: { json: row.object("value") },
    category: row.text("category", 100) ?? "general",
    description: row.text("description", 2000),
    version: row.count("version", 1, 2_147_483_647, 1),
    is_runtime: row.flag("is_runtime_configurable", true),
    is_sensitive: false,
    ...row.stamps(),
  });
  return { rows: [config] };
};
