/** Through the driver of production: the Worker's database fits the queries, numbers are numbers, pages meet. */
import { describe, expect, it } from "vitest";
import { loadTenantUtilization } from "../../src/db/queries/logs/requests.ts";
import { listRecords } from "../../src/db/queries/logs/timelines.ts";
import { clampLimit } from "../../src/db/queries/shared/keyset.ts";
import type { CursorValues } from "../../src/db/queries/shared/sort.ts";
import * as reports from "../../src/db/queries/traffic/reports.ts";
import { auditLogs } from "../../src/db/schema/logs.ts";
import { database, newTenant, owner } from "../support/database.ts";

const server = `insert into mcp_servers (tenant_id, name, endpoint_url, health_status, avg_response_time)
  values ($1, $2, 'https://example.com/mcp', $3::health_status, $4)`;

const request = `insert into request_logs (tenant_id, user_id, request_time, method, path, status_code, duration_ms)
  values ($1, $2, $3, 'POST', '/mcp', $4, $5)`;

async function tenantWithTraffic(): Promise<string> {
  const tenantId = await newTenant("queries");
  await owner.query(server, [tenantId, "quick", "healthy", 40]);
  await owner.query(server, [tenantId, "slow", "degraded", 60.5]);
  const now = new Date().toISOString();
  await owner.query(request, [tenantId, "ann", now, 200, 10]);
  await owner.query(request, [tenantId, "ann", now, 200, 20]);
  await owner.query(request, [tenantId, "bob", now, 200, 30]);
  await owner.query(request, [tenantId, "bob", now, 500, 100]);
  return tenantId;
}

describe("reports", () => {
  it("return a tenant's own servers and requests, as numbers", async () => {
    const tenantId = await tenantWithTraffic();
    await tenantWithTraffic();
    const db = database.withTenant(tenantId);
    expect(await reports.getServerHealthSummary(db)).toEqual([
      { totalServers: 2, healthyServers: 1, unhealthyServers: 0, degradedServers: 1, avgResponseTime: 50.25 },
    ]);
    expect(await reports.getRequestPerformanceSummary(db)).toEqual([
      {
        totalRequests: 4,
        successfulRequests: 3,
        errorRequests: 1,
        avgDurationMs: 40,
        p50DurationMs: 25,
        p95DurationMs: expect.closeTo(89.5),
        p99DurationMs: expect.closeTo(97.9),
      },
    ]);
    expect(await reports.getTenantUsageSummary(db, tenantId, 1)).toEqual([
      { totalRequests: 4, uniqueUsers: 2, avgDurationMs: 40, errorRate: 0.25 },
    ]);
    expect(await reports.getPerformanceMonitoring(db)).toEqual([
      { metric: "servers", total: 2, healthy: 1, avgResponseTimeMs: 50.25, successRate: null },
      { metric: "requests_last_hour", total: 4, healthy: 3, avgResponseTimeMs: 40, successRate: 0.75 },
    ]);
  });

  it("are empty sums, not errors, for a tenant without anything", async () => {
    const tenantId = await newTenant("queries");
    const db = database.withTenant(tenantId);
    const [health, usage] = await db.batch([
      reports.getServerHealthSummary(db),
      reports.getTenantUsageSummary(db, tenantId),
    ]);
    expect(health[0]?.avgResponseTime).toBeNull();
    expect(usage).toEqual([{ totalRequests: 0, uniqueUsers: 0, avgDurationMs: null, errorRate: 0 }]);
  });

  it("return to the system the size of tables and the use of indexes, as numbers", async () => {
    const [sizes, indexes] = await Promise.all([
      reports.getDatabaseSizeSummary(database.asSystem()),
      reports.getIndexUsageSummary(database.asSystem()),
    ]);
    expect(sizes.find(({ tableName }) => tableName === "request_logs")?.totalBytes).toBeGreaterThan(0);
    expect(sizes.map(({ totalBytes }) => totalBytes)).toEqual(
      sizes.map(({ totalBytes }) => totalBytes).sort((a, b) => b - a),
    );
    expect(indexes.filter(({ indexName }) => indexName.startsWith("idx_"))).toHaveLength(38);
  });
});

describe("utilisation", () => {
  it("counts by UTC day and status", async () => {
    const tenantId = await newTenant("queries");
    await owner.query(request, [tenantId, "ann", "2026-03-09T23:59:59.999Z", 200, 1]);
    await owner.query(request, [tenantId, "ann", "2026-03-10T00:00:00Z", 200, 1]);
    await owner.query(request, [tenantId, "ann", "2026-03-10T12:00:00Z", 429, 1]);
    await owner.query(request, [tenantId, "ann", "2026-03-11T00:00:00Z", 200, 1]);
    const query = { fromDay: "2026-03-10", toDay: "2026-03-10" };
    expect(await loadTenantUtilization(database.asSystem(), tenantId, query)).toEqual([
      { day: "2026-03-10", statusCode: 200, requests: 1 },
      { day: "2026-03-10", statusCode: 429, requests: 1 },
    ]);
  });
});

describe("pages", () => {
  const period = { from: new Date("2026-03-10T00:00:00Z"), to: new Date("2026-03-11T00:00:00Z") };

  it("meet without a gap or a repetition, also where rows differ by microseconds or not at all", async () => {
    const tenantId = await newTenant("queries");
    const times = ["12:00:00.000900", "12:00:00.000100", "12:00:00.000100", "12:00:00.000100", "11:59:59"];
    for (const time of times) {
      await owner.query(
        `insert into audit_logs (tenant_id, timestamp, action, resource_type, success) values ($1, $2, 'server.read', 'server', true)`,
        [tenantId, `2026-03-10T${time}Z`],
      );
    }
    const db = database.withTenant(tenantId);
    const timeline = {
      table: auditLogs,
      columns: { id: auditLogs.id },
      time: auditLogs.timestamp,
      tenantId,
      period,
    };
    const all = await listRecords(db, { ...timeline, limit: 10 });
    const seen: unknown[] = [];
    let after: CursorValues | undefined;
    for (let page = 0; page < times.length; page++) {
      const [row] = await listRecords(db, { ...timeline, after, limit: 1 });
      if (row === undefined) break;
      seen.push(row.place.at(-1));
      after = row.place;
    }
    expect(seen).toHaveLength(times.length);
    expect(seen).toEqual(all.map(({ place }) => place.at(-1)));
    expect(await listRecords(db, { ...timeline, after, limit: 10 })).toEqual([]);
  });

  it("have a bounded size, whatever the query", () => {
    expect([undefined, 0, -5, 7.9, 1e9, Number.NaN].map((limit) => clampLimit(limit))).toEqual([
      50, 1, 1, 7, 500, 50,
    ]);
  });
});
