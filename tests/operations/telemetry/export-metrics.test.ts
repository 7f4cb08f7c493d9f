/** The totals of the day at the collectors of tenants. */
import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../../src/core/durations.ts";
import { METRICS } from "../../../src/core/telemetry/metric-definitions.ts";
import { exportMetrics } from "../../../src/operations/telemetry/export-metrics.ts";
import { newTenant, owner } from "../../support/database.ts";
import { type Posted, startCollector } from "./collector.ts";

const set = (tenantId: string, key: string, value: unknown) =>
  owner.query("insert into system_configs (tenant_id, key, value) values ($1, $2, $3)", [
    tenantId,
    key,
    JSON.stringify(value),
  ]);

const endpointOf = (tenantId: string) => `https://${tenantId}.collector.example`;

async function addTenant(isEnabled = true): Promise<string> {
  const tenantId = await newTenant("metrics");
  await set(tenantId, "telemetry.otlp.endpoint", endpointOf(tenantId));
  if (isEnabled) await set(tenantId, "telemetry.metrics.enabled", true);
  return tenantId;
}

async function addServer(tenantId: string): Promise<string> {
  const [row] = await owner.query(
    `insert into mcp_servers (tenant_id, name, endpoint_url, health_status)
     values ($1, 'files', 'https://example.com/mcp', 'unhealthy') returning id`,
    [tenantId],
  );
  return String(row?.id);
}

const addTotal = (tenantId: string, at: Date, kind: string, dimension: string, member: string) =>
  owner.query(
    `insert into request_rollups_day (tenant_id, kind, dimension, at, member, requests, errors, timed, duration_ms, request_bytes, cost, histogram)
     values ($1, $2, $3, $4, $5, 3, 1, 3, 1500, 70, 9, '{1,2}')`,
    [tenantId, kind, dimension, at, member],
  );

const metricsIn = (posted: readonly Posted[]) =>
  posted.flatMap(({ body }) => body.resourceMetrics[0].scopeMetrics[0].metrics);

describe("the job metrics-export", () => {
  it("sends every metric that is defined, with the numbers of the day", async () => {
    const now = new Date("2026-03-04T12:00:00Z");
    const day = new Date("2026-03-04T00:00:00Z");
    const tenantId = await addTenant();
    const serverId = await addServer(tenantId);
    const members = { method: "tools/call", tool: `${serverId}/look`, server: serverId, error: "upstream" };
    for (const [dimension, member] of Object.entries(members)) {
      await addTotal(tenantId, day, "call", dimension, member);
    }
    await addTotal(tenantId, day, "rest", "all", "");
    const { deps, postedTo } = startCollector();
    await exportMetrics(deps, now);
    const posted = postedTo(endpointOf(tenantId));
    expect(posted.map(({ url }) => url)).toEqual([`${endpointOf(tenantId)}/v1/metrics`]);
    const metrics = metricsIn(posted);
    expect(metrics.map(({ name }) => name).sort()).toEqual(
      Object.values(METRICS)
        .map(({ name }) => name)
        .sort(),
    );
    const find = (name: string) => metrics.find((metric) => metric.name === name);
    const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const ofTool = [
      attribute("mcp.gateway.tenant_id", tenantId),
      attribute("mcp.gateway.server_id", serverId),
      attribute("mcp.gateway.server_name", "files"),
      attribute("gen_ai.tool.name", "look"),
    ];
    expect(find("mcp.gateway.tool.cost").sum.dataPoints).toMatchObject([{ attributes: ofTool, asDouble: 9 }]);
    const [point] = find("mcp.client.operation.duration").histogram.dataPoints;
    expect(point).toMatchObject({
      startTimeUnixNano: `${day.getTime()}000000`,
      timeUnixNano: `${now.getTime()}000000`,
      ...{ count: "3", sum: 1.5 },
    });
    expect(point.bucketCounts.slice(0, 3)).toEqual(["1", "2", "0"]);
    expect(find("mcp.gateway.server.up").gauge.dataPoints).toMatchObject([{ asDouble: 0 }]);
  });

  it("sends the day before once more after midnight, and nothing for tenants that do not enable it", async () => {
    const midnight = Date.parse("2026-03-06T00:00:00Z");
    const [tenantId, other] = [await addTenant(), await addTenant(false)];
    for (const id of [tenantId, other]) {
      await addTotal(id, new Date(midnight - DAY_MS), "rest", "all", "");
      await addTotal(id, new Date(midnight), "rest", "all", "");
    }
    const { deps, postedTo } = startCollector();
    await exportMetrics(deps, new Date(midnight + 60_000));
    const starts = metricsIn(postedTo(endpointOf(tenantId)))
      .filter(({ name }) => name === "http.server.request.duration")
      .map(({ histogram }) => histogram.dataPoints[0])
      .map(({ startTimeUnixNano, timeUnixNano }) => [startTimeUnixNano, timeUnixNano]);
    expect(starts).toEqual([
      [`${midnight - DAY_MS}000000`, `${midnight - 1}000000`],
      [`${midnight}000000`, `${midnight + 60_000}000000`],
    ]);
    expect(postedTo(endpointOf(other))).toEqual([]);
  });
});
