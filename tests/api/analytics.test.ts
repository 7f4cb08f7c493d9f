/** Traffic over REST: from the log through the sums to responses and files. */
import { describe, expect, it } from "vitest";
import { consumeEvents } from "../../src/logs/consumer.ts";
import { rollUpTraffic } from "../../src/operations/traffic-rollups.ts";
import { callEvent, delivered, requestEvent } from "../logs/support.ts";
import { database } from "../support/database.ts";
import { addTenant, call } from "./support.ts";

const NOON = Date.UTC(2026, 9, 6, 12);
const MINUTE_MS = 60_000;
const period = "from=2026-10-06T00:00:00Z&to=2026-10-07T00:00:00Z";

async function tenantWithTraffic() {
  const tenant = await addTenant("analytics");
  const admin = await tenant.addKey();
  const serverId = await tenant.addServer("files");
  const read = { serverId, method: "tools/call", target: "read", userId: admin.userId };
  const events = [
    ...[10, 20, 30, 40].map((durationMs, index) =>
      callEvent(tenant.id, {
        ...read,
        at: NOON + index * MINUTE_MS,
        durationMs,
        cost: 3,
        apiKeyId: admin.id,
      }),
    ),
    callEvent(tenant.id, {
      ...read,
      target: "write",
      at: NOON + 2 * 3_600_000,
      durationMs: 900,
      success: false,
    }),
    callEvent(tenant.id, {
      ...read,
      target: "write",
      at: NOON,
      durationMs: 1,
      success: false,
      errorCode: -32602,
    }),
    requestEvent(tenant.id, { at: NOON, path: "/mcp", requestBytes: 100, userId: admin.userId }),
    requestEvent(tenant.id, { at: NOON, path: "/api/v1/servers", requestBytes: 11, statusCode: 403 }),
  ];
  await consumeEvents([delivered({ events })], database);
  await rollUpTraffic(database, () => new Date());
  const get = (path: string) => call("GET", path, { key: admin.text });
  return { tenant, admin, serverId, get };
}

describe("analytics", () => {
  it("return traffic over time, of all and of one", async () => {
    const { get, serverId } = await tenantWithTraffic();
    const { body } = await get(`/analytics/usage?${period}&grain=hour`);
    expect(body).toMatchObject({ grain: "hour", kind: "call", from: "2026-10-06T00:00:00.000Z" });
    expect(body.totals).toMatchObject({ requests: 6, errors: 2, cost: 12, avgMs: (100 + 900 + 1) / 6 });
    expect(body.points.map(({ at, requests }: { at: string; requests: number }) => [at, requests])).toEqual([
      ["2026-10-06T12:00:00.000Z", 5],
      ["2026-10-06T14:00:00.000Z", 1],
    ]);
    expect(Date.parse(body.asOf)).toBeGreaterThan(NOON);
    const tool = await get(`/analytics/usage?${period}&grain=day&of=tool&member=${serverId}/read`);
    expect(tool.body.totals).toMatchObject({ requests: 4, errors: 0, errorRate: 0, avgMs: 25, cost: 12 });
    const rest = await get(`/analytics/usage?${period}&kind=rest`);
    expect(rest.body.totals).toMatchObject({ requests: 1, errors: 1, requestBytes: 11 });
  });

  it("return response times", async () => {
    const { get } = await tenantWithTraffic();
    const { body } = await get(`/analytics/latency?${period}&grain=day`);
    const filled = body.buckets.filter(({ requests }: { requests: number }) => requests > 0);
    expect(
      filled.map(({ fromMs, requests }: { fromMs: number; requests: number }) => [fromMs, requests]),
    ).toEqual([
      [1, 1],
      [10, 1],
      [20, 1],
      [25, 1],
      [40, 1],
      [800, 1],
    ]);
    expect(body.totals).toMatchObject({ p50Ms: 25, p99Ms: expect.closeTo(988, 0) });
  });

  it("return the top subjects, by their present names", async () => {
    const { get, serverId, admin } = await tenantWithTraffic();
    const tools = await get(`/analytics/top?${period}&of=tool`);
    expect(tools.body.items).toMatchObject([
      { member: `${serverId}/read`, name: "files", requests: 4, errors: 0 },
      { member: `${serverId}/write`, name: "files", requests: 2, errorRate: 1 },
    ]);
    const worst = await get(`/analytics/top?${period}&of=tool&by=errors&limit=1`);
    expect(worst.body.items).toMatchObject([{ member: `${serverId}/write`, errors: 2 }]);
    // Whole days and hours answer where they can, and come to the same.
    const wide = await get(
      "/analytics/top?from=2026-10-03T11:30:00Z&to=2026-10-08T09:00:00Z&of=tool&grain=hour",
    );
    expect(wide.body.items).toEqual(tools.body.items);
    const servers = await get(`/analytics/top?${period}&of=server`);
    expect(servers.body.items).toMatchObject([{ member: serverId, name: "files", requests: 6 }]);
    const users = await get(`/analytics/top?${period}&of=user`);
    expect(users.body.items).toMatchObject([{ member: admin.userId, name: "admin", requests: 6 }]);
    const keys = await get(`/analytics/top?${period}&of=key`);
    expect(keys.body.items).toMatchObject([{ member: admin.id, requests: 4, name: expect.any(String) }]);
  });

  it("return why requests failed and when in the week there are many", async () => {
    const { get } = await tenantWithTraffic();
    const errors = await get(`/analytics/errors?${period}`);
    expect(errors.body.items).toEqual([
      { code: "-32602", class: "caller", title: "Invalid parameters", requests: 1, share: 0.5 },
      { code: "tool", class: "tool", title: "Tool error", requests: 1, share: 0.5 },
    ]);
    const heat = await get(`/analytics/heat-map?${period}&timeZone=Europe/Berlin`);
    const warm = heat.body.cells.filter(({ requests }: { requests: number }) => requests > 0);
    // 12:00 and 14:00 UTC of a Tuesday in summer.
    expect(warm).toMatchObject([
      { weekday: 2, hour: 14, requests: 5, errors: 1 },
      { weekday: 2, hour: 16, requests: 1, errors: 1, avgMs: 900 },
    ]);
  });

  it("refuse what would be too much to answer, and time zones that are none", async () => {
    const { get } = await tenantWithTraffic();
    const year = "from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z";
    expect((await get(`/analytics/usage?${year}&grain=minute`)).status).toBe(400);
    expect((await get(`/analytics/usage?${year}`)).body).toMatchObject({ grain: "day", points: [] });
    expect((await get("/analytics/heat-map?timeZone=Nowhere/City")).status).toBe(400);
  });

  it("never return data of another tenant", async () => {
    const [{ serverId }, { get }] = [await tenantWithTraffic(), await tenantWithTraffic()];
    const { body } = await get(`/analytics/usage?${period}&of=server&member=${serverId}`);
    expect(body.totals.requests).toBe(0);
  });
});

describe("files", () => {
  it("hold all sums, as a table or as lines of JSON", async () => {
    const { get, serverId } = await tenantWithTraffic();
    const csv = await get(`/analytics/export?${period}`);
    expect(csv.headers.get("content-disposition")).toBe('attachment; filename="usage-by-day.csv"');
    const [head, ...lines] = String(csv.body).trimEnd().split("\r\n");
    expect(head).toBe(
      "at,kind,dimension,member,requests,errors,errorRate,avgMs,p50Ms,p95Ms,p99Ms,requestBytes,cost",
    );
    const [start = ""] = lines.filter((line) => line.includes(`call,tool,${serverId}/read`));
    expect(start).toMatch(/^2026-10-06T00:00:00.000Z,call,tool,[^,]+,4,0,0,25,25,4\d(?:\.\d+)?,49.6,0,12$/);
    const json = await get(`/analytics/export?${period}&format=ndjson`);
    const rows = String(json.body).trimEnd().split("\n");
    expect(rows).toHaveLength(lines.length);
    expect(JSON.parse(rows[0] ?? "")).toMatchObject({ kind: "call", dimension: "all", requests: 6 });
  });

  it("hold all requests, newest first, however many pages they fill", async () => {
    const tenant = await addTenant("export");
    const { text: key } = await tenant.addKey();
    const events = Array.from({ length: 5003 }, (_, index) =>
      requestEvent(tenant.id, { at: NOON + index, userAgent: index === 0 ? '=cmd("x"),1' : "test" }),
    );
    for (let start = 0; start < events.length; start += 1000) {
      await consumeEvents([delivered({ events: events.slice(start, start + 1000) })], database);
    }
    const { body } = await call("GET", `/request-logs/export?${period}`, { key });
    const lines = String(body).trimEnd().split("\r\n").slice(1);
    const times = lines.map((line) => Date.parse(line.split(",")[0] ?? ""));
    expect(times).toEqual(Array.from({ length: 5003 }, (_, index) => NOON + 5002 - index));
    expect(lines.at(-1)).toContain(`"'=cmd(""x""),1"`);
  });

  it("return to operators only what each tenant used", async () => {
    const { tenant, admin } = await tenantWithTraffic();
    const headers = await tenant.addOperator();
    const { body } = await call("GET", `/system/usage/export?${period}&format=ndjson`, { headers });
    const rows = String(body)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ tenantId }) => tenantId === tenant.id);
    expect(rows).toEqual([
      {
        at: "2026-10-06T00:00:00.000Z",
        tenantId: tenant.id,
        tenant: expect.any(String),
        calls: 6,
        callErrors: 2,
        mcpRequests: 1,
        restRequests: 1,
        pageRequests: 0,
        requestBytes: 111,
        users: 1,
        cost: 12,
      },
    ]);
    expect((await call("GET", "/system/usage/export", { key: admin.text })).status).toBe(403);
  });
});
