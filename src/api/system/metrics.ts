/** A tenant's numbers for Prometheus, at /metrics: the health of its servers, their requests, and each tool's totals. */
import { Hono } from "hono";
import { HEALTH_STATUSES } from "../../core/enums.ts";
import { type Family, formatPrometheus, PROMETHEUS_TYPE } from "../../core/telemetry/prometheus.ts";
import {
  listServersForMetrics,
  listToolsForMetrics,
  loadRecentTraffic,
} from "../../db/queries/traffic/metrics.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";

const RECENT_MS = 300_000;
const seconds = (ms: number) => ms / 1000;

type Servers = Awaited<ReturnType<typeof listServersForMetrics>>;
type Traffic = Awaited<ReturnType<typeof loadRecentTraffic>>;
type Tools = Awaited<ReturnType<typeof listToolsForMetrics>>;

type Member<Row> = (row: Row) => number | null;

/** One sample a row; rows that have no value have no sample. */
function samples<Row>(
  rows: readonly Row[],
  labels: (row: Row) => Record<string, string>,
  value: Member<Row>,
) {
  return rows.flatMap((row) => {
    const known = value(row);
    return known === null ? [] : [{ labels: labels(row), value: known }];
  });
}

function ofServers(servers: Servers): Family[] {
  const each = (value: Member<Servers[number]>) => samples(servers, ({ name }) => ({ server: name }), value);
  const gauge = (name: string, help: string, value: Member<Servers[number]>) =>
    ({ name: `mcp_gateway_server_${name}`, help, type: "gauge", samples: each(value) }) as const;
  const counts = HEALTH_STATUSES.map((health) => ({
    labels: { health },
    value: servers.filter(({ healthStatus }) => healthStatus === health).length,
  }));
  const isUp = { healthy: 1, degraded: 1, unhealthy: 0, unknown: null, maintenance: null } as const;
  return [
    { name: "mcp_gateway_servers", help: "Registered servers by health.", type: "gauge", samples: counts },
    gauge(
      "up",
      "1 if the server answers health checks, otherwise 0.",
      ({ healthStatus }) => isUp[healthStatus],
    ),
    gauge("response_time_seconds", "Average response time.", (row) =>
      row.avgResponseTime === null ? null : seconds(row.avgResponseTime),
    ),
    gauge("success_ratio", "Success rate.", (row) => row.successRate),
    gauge("last_check_timestamp_seconds", "Time of the last health check.", (row) =>
      row.lastHealthCheck === null ? null : Math.round(seconds(row.lastHealthCheck.getTime())),
    ),
  ];
}

function ofTraffic(traffic: Traffic): Family[] {
  const gauge = (name: string, help: string, value: Member<Traffic[number]>) =>
    ({
      name: `mcp_gateway_server_recent_${name}`,
      help: `${help} Over the last five minutes.`,
      type: "gauge",
      samples: samples(traffic, (row) => ({ server: row.name }), value),
    }) as const;
  return [
    gauge("requests", "Requests to the server.", ({ requests }) => requests),
    gauge("errors", "Failed requests to the server.", ({ errors }) => errors),
    gauge("response_time_seconds", "Average response time.", ({ responseTime }) =>
      responseTime === null ? null : seconds(responseTime),
    ),
    gauge("response_time_p95_seconds", "Maximum p95 latency.", ({ p95 }) =>
      p95 === null ? null : seconds(p95),
    ),
  ];
}

function ofTools(tools: Tools): Family[] {
  const family = (
    name: string,
    type: Family["type"],
    help: string,
    value: Member<Tools[number]>,
  ): Family => ({
    ...{ name: `mcp_gateway_tool_${name}`, type, help },
    samples: samples(tools, ({ server, tool }) => ({ server, tool }), value),
  });
  return [
    family("calls_total", "counter", "Calls of the tool.", ({ calls }) => calls),
    family("successes_total", "counter", "Successful calls of the tool.", ({ successes }) => successes),
    family("execution_time_seconds", "gauge", "Average call duration.", ({ executionTime }) =>
      executionTime === null ? null : seconds(executionTime),
    ),
  ];
}

export const metrics = new Hono<AppEnv>().get("/metrics", requirePermission("metrics.read"), async (c) => {
  const { tenantId } = c.var.principal;
  const db = c.var.services.database.withTenant(tenantId, "read");
  const [servers, traffic, tools] = await db.batch([
    listServersForMetrics(db, tenantId),
    loadRecentTraffic(db, tenantId, new Date(Date.now() - RECENT_MS)),
    listToolsForMetrics(db, tenantId),
  ]);
  const text = formatPrometheus([...ofServers(servers), ...ofTraffic(traffic), ...ofTools(tools)]);
  return c.body(text, 200, { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" });
});
