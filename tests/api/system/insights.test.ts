/** What operators look for over all organizations, and the queries of one server and tool. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "../support.ts";

const HOUR_MS = 3_600_000;
let tenant: TestTenant;
let admin: TestKey;
let headers: Record<string, string>;
let serverId: string;
/** Of this file only, so that other tests' rows are not among those that are expected. */
const address = `203.0.113.${Math.floor(Math.random() * 200)}`;
const path = `/mcp/insights-${crypto.randomUUID()}`;
const method = `insights/${crypto.randomUUID()}`;

const get = async (name: string, asked: Record<string, string | number> = {}) => {
  const text = new URLSearchParams(Object.entries(asked).map(([key, value]) => [key, String(value)]));
  const answer = await call("GET", `/system/insights/${name}?${text}`, { headers });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.items;
};
const own = (rows: { tenantId: string }[]) => rows.filter(({ tenantId }) => tenantId === tenant.id);

beforeAll(async () => {
  tenant = await addTenant("insights");
  admin = await tenant.addKey();
  headers = await tenant.addOperator();
  serverId = await tenant.addServer("slow");
  await owner.query(
    "update mcp_servers set avg_response_time = 900000000, success_rate = 0.5, health_status = 'degraded' where id = $1",
    [serverId],
  );
  await owner.query(
    `insert into server_metrics (tenant_id, server_id, response_time_ms, error_rate, request_count) values ($1, $2, 900000000, 0.5, 4)`,
    [tenant.id, serverId],
  );
  await owner.query(
    `insert into request_logs (tenant_id, method, path, target_server_id, status_code, duration_ms, ip_address)
     values ($1, 'POST', $2, $3, 200, 10, $4), ($1, 'POST', $2, $3, 200, 30, $4), ($1, 'POST', $2, $3, 502, 500, $4)`,
    [tenant.id, path, serverId, address],
  );
  await owner.query(
    `insert into mcp_audit_logs (tenant_id, user_id, method, duration_ms, success) values ($1, $2, $3, 700, false), ($1, $2, $3, 5, true)`,
    [tenant.id, admin.userId, method],
  );
  await owner.query(`update "user" set auth_provider = 'github', auth_provider_id = $2 where id = $1`, [
    admin.userId,
    `insights-${admin.userId}`,
  ]);
});

describe("insights", () => {
  it("are for operators", async () => {
    for (const name of ["tools", "keys", "sessions", "slow-servers"]) {
      expect((await call("GET", `/system/insights/${name}`, { key: admin.text })).status).toBe(403);
    }
  });

  it("find slow servers and minutes, and usable servers", async () => {
    expect(own(await get("slow-servers", { minResponseTimeMs: 899_999_999 }))).toMatchObject([
      { id: serverId },
    ]);
    expect(
      own(await get("slow-samples", { minResponseTimeMs: 899_999_999, minErrorRate: 0.4 })),
    ).toMatchObject([{ serverId, requestCount: 4 }]);
    expect(await get("servers", { transport: "websocket" })).not.toContainEqual(
      expect.objectContaining({ id: serverId }),
    );
  });

  it("rank keys by use, and list those that expire", async () => {
    const expiring = await tenant.addKey();
    await owner.query(
      "update api_keys set last_used = now() + interval '1 hour', total_requests = 7, expires_at = now() + interval '50 hours' where id = $1",
      [expiring.id],
    );
    expect(await get("keys", { minRequests: 7, limit: 1 })).toMatchObject([{ id: expiring.id }]);
    expect(own(await get("expiring-keys", { days: 3, limit: 200 }))).toMatchObject([{ id: expiring.id }]);
    expect(own(await get("expiring-keys", { days: 2, limit: 200 }))).toEqual([]);
    expect(JSON.stringify(await get("keys"))).not.toMatch(/hash|salt/i);
  });

  it("show what an address, an endpoint, an organization and a method did", async () => {
    expect(await get("address", { ipAddress: address, path })).toMatchObject([
      { path, requests: 3, refused: 1 },
    ]);
    expect(await get("routing", { path })).toMatchObject([{ serverId, successes: 2, avgMs: 20 }]);
    const today = new Date().toISOString().slice(0, 10);
    const yesterday = new Date(Date.now() - 24 * HOUR_MS).toISOString().slice(0, 10);
    const days = await get("utilization", { tenantId: tenant.id, fromDay: yesterday, toDay: today });
    expect(days).toContainEqual(expect.objectContaining({ statusCode: 502, requests: 1 }));
    expect(await get("mcp-operations", { method })).toMatchObject([{ tenantId: tenant.id, success: false }]);
    expect(await get("mcp-operations", { method, success: "true" })).toMatchObject([{ durationMs: 5 }]);
  });

  it("find an account by its provider, its sessions and its actions", async () => {
    const asked = { authProvider: "github", authProviderId: `insights-${admin.userId}` };
    expect(await get("accounts", asked)).toMatchObject([{ id: admin.userId }]);
    const service = await tenant.addUser("service");
    await owner.query(`update "user" set tenant_id = $2, role = 'service' where id = $1`, [
      service,
      tenant.id,
    ]);
    const accounts = await get("organization-accounts", { tenantId: tenant.id, role: "service" });
    expect(accounts).toContainEqual(expect.objectContaining({ id: service }));
    expect((await get("sessions", { limit: 200 })).length).toBeGreaterThan(0);
    await owner.query(
      `insert into audit_logs (tenant_id, user_id, action, resource_type, success) values ($1, $2, 'insights.try', 'server', false)`,
      [tenant.id, admin.userId],
    );
    const asking = { userId: admin.userId ?? "", action: "insights.try", success: "false" };
    expect(await get("account-activity", asking)).toMatchObject([{ times: 1, resourceType: "server" }]);
  });

  it.each([
    ["utilization?tenantId=01890a5d-ac96-774b-bcce-b302099a8057&fromDay=2026-01-02&toDay=2026-01-01"],
    ["utilization?tenantId=01890a5d-ac96-774b-bcce-b302099a8057&fromDay=2026-01-01&toDay=2026-12-01"],
    ["utilization?tenantId=x&fromDay=2026-01-01&toDay=2026-01-02"],
    ["address"],
    ["slow-servers?limit=1000"],
  ])("reject %s", async (asked) => {
    expect((await call("GET", `/system/insights/${asked}`, { headers })).status).toBe(400);
  });
});

describe("a server", () => {
  it("shows the latency of its requests by status, and the slowest of them", async () => {
    const key = admin.text;
    const latency = await call("GET", `/servers/${serverId}/latency`, { key });
    expect(latency.body.items).toMatchObject([
      { statusCode: 200, requests: 2, avgMs: 20 },
      { statusCode: 502, requests: 1, avgMs: 500 },
    ]);
    const slowest = await call("GET", `/servers/${serverId}/slowest-requests?limit=1`, { key });
    expect(slowest.body.items).toMatchObject([{ statusCode: 502, durationMs: 500 }]);
    const stranger = (await (await addTenant("insights-stranger")).addKey()).text;
    expect((await call("GET", `/servers/${serverId}/latency`, { key: stranger })).status).toBe(404);
  });
});

describe("the MCP audit log", () => {
  it("lists the slowest operations", async () => {
    const { body } = await call("GET", "/mcp-audit-logs/slowest?limit=1", { key: admin.text });
    expect(body.items).toMatchObject([{ method, durationMs: 700 }]);
  });
});
