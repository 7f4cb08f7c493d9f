/** From the logs into sums: each event once, in its own slot, however often, late or mixed up it is delivered. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATENCY_BOUNDS_MS, percentile } from "../../src/core/analytics/histogram.ts";
import { classifyRequest } from "../../src/core/analytics/request-outcome.ts";
import { ROLLUPS } from "../../src/db/queries/traffic/rollups.ts";
import { consumeEvents } from "../../src/logs/consumer.ts";
import { deleteExpiredRollups, rollUpTraffic } from "../../src/operations/traffic-rollups.ts";
import { database, newTenant, owner } from "../support/database.ts";
import { runs } from "../support/runs.ts";
import { callEvent, delivered, requestEvent } from "./support.ts";

const now = () => new Date();

async function addServer(tenantId: string): Promise<string> {
  const [row] = await owner.query(
    "insert into mcp_servers (tenant_id, name, endpoint_url) values ($1, 'files', 'https://example.com/mcp') returning id",
    [tenantId],
  );
  const id = String(row?.id);
  await owner.query("insert into server_tools (tenant_id, server_id, name) values ($1, $2, 'read')", [
    tenantId,
    id,
  ]);
  return id;
}

const toolOf = async (serverId: string) => {
  const [row] = await owner.query(
    "select total_calls::int as calls, success_count::int as successes, avg_execution_time as average from server_tools where server_id = $1",
    [serverId],
  );
  return row;
};

const serverOf = async (serverId: string) => {
  const [row] = await owner.query(
    "select avg_response_time as average, success_rate as rate, updated_at::text from mcp_servers where id = $1",
    [serverId],
  );
  return row;
};

const sums = (grain: keyof typeof ROLLUPS, tenantId: string) =>
  owner.query(
    `select kind, dimension, member, at, requests::int, errors::int, timed::int, duration_ms, histogram
       from request_rollups_${grain} where tenant_id = $1 order by kind, dimension, member, at`,
    [tenantId],
  );

const totals = async (grain: keyof typeof ROLLUPS, tenantId: string) =>
  Object.fromEntries(
    (
      await owner.query(
        `select kind || ' ' || dimension as name, sum(requests)::int as requests
           from request_rollups_${grain} where tenant_id = $1 group by 1`,
        [tenantId],
      )
    ).map(({ name, requests }) => [name, requests]),
  );

describe("a call", () => {
  it("counts for its server and tool once, however often it is delivered", async () => {
    const tenantId = await newTenant("rollup");
    const serverId = await addServer(tenantId);
    const before = await serverOf(serverId);
    const tool = { serverId, method: "tools/call", target: "read" };
    const events = [
      callEvent(tenantId, { ...tool, durationMs: 10 }),
      callEvent(tenantId, { ...tool, durationMs: 30 }),
      callEvent(tenantId, { ...tool, durationMs: 20, success: false }),
    ];
    const message = { events };
    await consumeEvents([delivered(message)], database);
    await rollUpTraffic(database, now);
    await consumeEvents([delivered(message, 2), delivered({ events: events.slice(1) }, 3)], database);
    await rollUpTraffic(database, now);
    expect(await toolOf(serverId)).toEqual({ calls: 3, successes: 2, average: 20 });
    expect(await serverOf(serverId)).toEqual({ ...before, average: 20, rate: expect.closeTo(2 / 3) });
    const [metrics] = await owner.query(
      "select sum(request_count)::int as requests, sum(error_count)::int as errors from server_metrics where server_id = $1",
      [serverId],
    );
    expect(metrics).toEqual({ requests: 3, errors: 1 });
  });

  it("moves averages by its weight", async () => {
    const tenantId = await newTenant("rollup");
    const serverId = await addServer(tenantId);
    for (const durations of [[10, 20], [60], [30, 30, 30]]) {
      const events = durations.map((durationMs) =>
        callEvent(tenantId, { serverId, method: "tools/call", target: "read", durationMs }),
      );
      await consumeEvents([delivered({ events })], database);
      await rollUpTraffic(database, now);
    }
    expect(await toolOf(serverId)).toEqual({ calls: 6, successes: 6, average: expect.closeTo(30) });
    expect(await serverOf(serverId)).toMatchObject({ average: expect.closeTo(30), rate: 1 });
  });

  it("is no latency where it is an open subscription", async () => {
    const tenantId = await newTenant("rollup");
    const events = [
      callEvent(tenantId, { method: "subscriptions/listen", durationMs: 3_600_000 }),
      requestEvent(tenantId, { method: "GET", path: "/t/acme/mcp/files", durationMs: 3_600_000 }),
    ];
    await consumeEvents([delivered({ events })], database);
    await rollUpTraffic(database, now);
    const all = (await sums("day", tenantId)).filter(({ dimension }) => dimension === "all");
    expect(all.map(({ kind, requests, timed }) => [kind, requests, timed])).toEqual([
      ["call", 1, 0],
      ["mcp", 1, 0],
    ]);
  });
});

describe("a request", () => {
  it("fails in the sums exactly when it fails in core", async () => {
    const tenantId = await newTenant("rollup");
    const results = [200, 202, 399, 400, 503].flatMap((statusCode) =>
      [undefined, "tool_error", "rpc_error"].map((errorCode) => ({ statusCode, errorCode })),
    );
    await consumeEvents(
      [delivered({ events: results.map((result) => requestEvent(tenantId, result)) })],
      database,
    );
    await rollUpTraffic(database, now);
    const [all] = (await sums("day", tenantId)).filter(({ dimension }) => dimension === "all");
    const failed = results.filter(
      ({ statusCode, errorCode = null }) => classifyRequest({ statusCode, errorCode }) === "error",
    );
    expect([all?.requests, all?.errors]).toEqual([results.length, failed.length]);
  });
});

describe("sums", () => {
  it("are grouped by endpoint, member and error, and never include another tenant", async () => {
    const [tenantId, other] = [await newTenant("rollup"), await newTenant("rollup")];
    const events = [
      requestEvent(tenantId, {
        userId: "ann",
        clientName: "ide",
        statusCode: 429,
        errorCode: "too_many_requests",
      }),
      requestEvent(tenantId, { path: "/api/v1/servers", userId: "ann", statusCode: 418 }),
      requestEvent(tenantId, { path: "/admin/servers", userId: "bob" }),
      requestEvent(other, { userId: "ann" }),
      requestEvent(null),
      callEvent(tenantId, { userId: "ann", success: false, errorCode: -32602 }),
    ];
    await consumeEvents([delivered({ events })], database);
    await rollUpTraffic(database, now);
    const named = (await sums("hour", tenantId)).map(
      ({ kind, dimension, member, requests, errors }) =>
        `${kind} ${dimension} ${member}: ${requests}/${errors}`,
    );
    expect(named).toEqual([
      "call all : 1/1",
      "call error -32602: 1/1",
      "call method tools/list: 1/1",
      "call user ann: 1/1",
      "mcp all : 1/1",
      "mcp client ide: 1/1",
      "mcp error too_many_requests: 1/1",
      "mcp user ann: 1/1",
      "page all : 1/0",
      "page user bob: 1/0",
      "rest all : 1/1",
      "rest error http_418: 1/1",
      "rest user ann: 1/1",
    ]);
    const seen = await database.withTenant(other).select().from(ROLLUPS.hour);
    expect(new Set(seen.map((row) => row.tenantId))).toEqual(new Set([other]));
  });

  it("add late events to their own slot", async () => {
    const tenantId = await newTenant("rollup");
    const at = Date.UTC(2026, 9, 5, 10, 20, 30);
    const early = requestEvent(tenantId, { at, durationMs: 5 });
    const late = requestEvent(tenantId, { at: at + 10_000, durationMs: 500 });
    await consumeEvents([delivered({ events: [early] })], database);
    await rollUpTraffic(database, now);
    await consumeEvents([delivered({ events: [requestEvent(tenantId)] })], database);
    await rollUpTraffic(database, now);
    await consumeEvents([delivered({ events: [late, early] })], database);
    await rollUpTraffic(database, now);
    for (const [grain, start] of [
      ["minute", "2026-10-05T10:20:00.000Z"],
      ["hour", "2026-10-05T10:00:00.000Z"],
      ["day", "2026-10-05T00:00:00.000Z"],
    ] as const) {
      const [first] = (await sums(grain, tenantId)).filter(({ dimension }) => dimension === "all");
      expect(first, grain).toMatchObject({ requests: 2, timed: 2, duration_ms: 505 });
      expect(new Date(first?.at).toISOString()).toBe(start);
      expect(percentile(first?.histogram, 1), grain).toBe(630);
    }
  });

  it("come to the same whatever batches the queue makes, and whenever they are added up", async () => {
    const step = fc.constantFrom("deliver", "again", "add");
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 15 }),
        fc.infiniteStream(fc.nat(4)),
        async (steps, sizes) => {
          const tenantId = await newTenant("rollup");
          const reported: ReturnType<typeof requestEvent>[] = [];
          for (const what of steps) {
            const fresh = Array.from({ length: (sizes.next().value ?? 0) + 1 }, (_, index) =>
              index % 2 === 0
                ? requestEvent(tenantId, { userId: "ann" })
                : callEvent(tenantId, { userId: "ann" }),
            );
            if (what === "add") await rollUpTraffic(database, now);
            if (what === "deliver") {
              reported.push(...fresh);
              await consumeEvents([delivered({ events: fresh })], database);
            }
            if (what === "again") await consumeEvents([delivered({ events: reported.slice(-7) })], database);
          }
          await rollUpTraffic(database, now);
          const requests = reported.filter(({ kind }) => kind === "request").length;
          const calls = reported.length - requests;
          const expected = {
            ...(requests > 0 && { "mcp all": requests, "mcp user": requests }),
            ...(calls > 0 && { "call all": calls, "call user": calls, "call method": calls }),
          };
          for (const grain of ["minute", "hour", "day"] as const) {
            expect(await totals(grain, tenantId)).toEqual(expected);
          }
        },
      ),
      { numRuns: runs(12) },
    );
  });

  it("are counted between the bounds of the percentiles", async () => {
    const [row] = await owner.query("select gateway_latency_bounds() as bounds");
    expect(row?.bounds).toEqual(LATENCY_BOUNDS_MS);
    const edges = [0, 0.99, 1, 1.24, 1.25, 99_999, 100_000, 1e9];
    const [counted] = await owner.query(
      "select gateway_histogram(ms) as counts from unnest($1::float8[]) as ms",
      [edges],
    );
    expect(counted?.counts).toHaveLength(LATENCY_BOUNDS_MS.length + 1);
    expect([counted?.counts.slice(0, 3), counted?.counts.slice(-2)]).toEqual([
      [2, 2, 1],
      [1, 2],
    ]);
  });

  it("contain when they were last computed, and are deleted when they are too fine for their age", async () => {
    const tenantId = await newTenant("rollup");
    const at = Date.now() - 9 * 86_400_000;
    await consumeEvents([delivered({ events: [requestEvent(tenantId, { at })] })], database);
    const began = new Date();
    await rollUpTraffic(database, now);
    const views = await owner.query("select * from materialized_views where name like 'request_rollups%'");
    expect(views).toHaveLength(3);
    for (const view of views)
      expect(new Date(view.last_refreshed_at).getTime()).toBeGreaterThanOrEqual(began.getTime());
    await deleteExpiredRollups(database, new Date());
    expect(await sums("minute", tenantId)).toEqual([]);
    expect((await sums("hour", tenantId)).length).toBeGreaterThan(0);
  });
});
