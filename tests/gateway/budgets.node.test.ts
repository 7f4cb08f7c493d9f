/** Budgets as clients and admins observe them: costs, exactness, headers, records, usage. */

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseApiKey } from "../../src/core/access/api-key.ts";
import { Keyring } from "../../src/core/keyring.ts";
import { createDatabase } from "../../src/db/client.ts";
import { QueryStatistics } from "../../src/db/statistics.ts";
import type { AlertDeps } from "../../src/operations/alerts/alert-deps.ts";
import { evaluateAlerts } from "../../src/operations/alerts/evaluate.ts";
import {
  databaseOfThisRun,
  KEYS,
  startGateway,
  type TestGateway,
  type TestTenant,
} from "../fixtures/gateway.ts";
import { type Recorder, startRecorder } from "../fixtures/recorder.ts";

let gateway: TestGateway;
let upstream: Recorder;

const rpcId = z.object({ id: z.unknown(), method: z.string().optional() });

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  upstream = await startRecorder();
  upstream.behave((request, response) => {
    const { id, method } = rpcId.parse(JSON.parse(request.body.toString()));
    const result = { ...(RESULTS[method ?? ""] ?? { content: [] }), ...COMMON };
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const TOOLS = [
  { name: "look", inputSchema: { type: "object" }, _meta: { "mcp-registry-gateway/cost": 4 } },
  { name: "buy", inputSchema: { type: "object" }, annotations: { cost: 9 } },
  { name: "plain", inputSchema: { type: "object" } },
];

const VERSION = "2026-07-28";

const COMMON = { resultType: "complete", ttlMs: 60_000, cacheScope: "private" };
const RESULTS: Readonly<Record<string, object>> = {
  "server/discover": { supportedVersions: [VERSION], capabilities: { tools: {} } },
  "tools/list": { tools: TOOLS },
};

const rpc = (method: string, params: Record<string, unknown>) => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  params: {
    ...params,
    _meta: {
      "io.modelcontextprotocol/protocolVersion": VERSION,
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

function callTool(key: string, name: string, path = "/mcp/one") {
  return fetch(gateway.url + path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": VERSION,
      "mcp-method": "tools/call",
      "mcp-name": name,
      authorization: `Bearer ${key}`,
    },
    body: JSON.stringify(rpc("tools/call", { name, arguments: {} })),
  });
}

interface Setup {
  readonly tenant: TestTenant;
  readonly rest: (method: string, path: string, body?: object) => Promise<unknown>;
}

/** With a server whose calls have the cost of `settings`. */
async function setUp(settings: Record<string, unknown>): Promise<Setup> {
  const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url, settings }] });
  const admin = await tenant.addKey({ role: "admin", scopes: ["admin"] });
  return {
    tenant,
    async rest(method, path, body) {
      const response = await fetch(`${gateway.url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${admin}`, "content-type": "application/json", "if-match": "*" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      expect(response.ok, `${method} ${path}: ${text}`).toBe(true);
      return text === "" ? undefined : JSON.parse(text);
    },
  };
}

async function statuses(count: number, atOnce: number, make: (turn: number) => Promise<Response>) {
  const seen: number[] = [];
  for (let done = 0; done < count; done += atOnce) {
    const size = Math.min(atOnce, count - done);
    const batch = Array.from({ length: size }, async (_, place) => {
      const response = await make(done + place);
      await response.body?.cancel();
      return response.status;
    });
    seen.push(...(await Promise.all(batch)));
  }
  return seen;
}

const countOf = (all: readonly number[], status: number) => all.filter((one) => one === status).length;

const alertPage = z.object({ items: z.array(z.object({ status: z.string(), message: z.string() })) });

const usagePage = z.object({
  items: z.array(z.object({ name: z.string(), subjectId: z.string().nullable(), spent: z.number() })),
});

describe("a budget", () => {
  it("stops exactly at its amount, however many call at once, and counts what was sent only", async () => {
    const { tenant, rest } = await setUp({ cost: 7 });
    await rest("POST", "/budgets", { name: "Month", subjectType: "tenant", period: "month", amount: 1000 });
    const keys = [await tenant.addKey({}), await tenant.addKey({})];
    const before = upstream.requests.length;
    const seen = await statuses(200, 25, (turn) => callTool(keys[turn % 2] ?? "", "plain"));
    // 142 × 7 = 994.
    expect(countOf(seen, 200)).toBe(142);
    expect(countOf(seen, 429)).toBe(58);
    expect(upstream.requests.length - before).toBe(142);
    await expect
      .poll(async () => usagePage.parse(await rest("GET", "/budgets/usage")).items, { timeout: 10_000 })
      .toEqual([{ name: "Month", subjectId: null, spent: 994 }]);
  });

  it("is in the headers of answers, and of its refusal with the code and the next period", async () => {
    const { tenant, rest } = await setUp({ cost: 30 });
    await rest("POST", "/budgets", { name: "Day", subjectType: "tenant", period: "day", amount: 50 });
    const first = await callTool(tenant.apiKey, "plain");
    expect(first.status).toBe(200);
    expect(first.headers.get("ratelimit-policy")).toMatch(/, "tenant-budget-day";q=50;w=86400$/);
    expect(first.headers.get("ratelimit")).toMatch(/, "tenant-budget-day";r=20;t=\d+$/);
    const refused = await callTool(tenant.apiKey, "plain");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("ratelimit")).toMatch(/^"tenant-budget-day";r=20;t=\d+$/);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({
      error: {
        code: -31430,
        message: /the call costs 30, and 20 of 50 are left\. The next period begins at \d{4}-/,
      },
    });
  });

  it("is in the headers of the streamed answers of a legacy session", async () => {
    const { tenant, rest } = await setUp({ cost: 30 });
    await rest("POST", "/budgets", { name: "Day", subjectType: "tenant", period: "day", amount: 50 });
    const post = (body: object, session: Record<string, string> = {}) =>
      fetch(`${gateway.url}/mcp`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          authorization: `Bearer ${tenant.apiKey}`,
          ...session,
        },
        body: JSON.stringify({ jsonrpc: "2.0", ...body }),
      });
    const revision = "2025-11-25";
    const clientInfo = { name: "test", version: "1" };
    const params = { protocolVersion: revision, capabilities: {}, clientInfo };
    const opened = await post({ id: 1, method: "initialize", params });
    await opened.text();
    const session = {
      "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
      "mcp-protocol-version": revision,
    };
    await (await post({ method: "notifications/initialized" }, session)).text();
    const name = "one__plain";
    const answer = await post({ id: 2, method: "tools/call", params: { name, arguments: {} } }, session);
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(answer.headers.get("ratelimit-policy")).toMatch(/, "tenant-budget-day";q=50;w=86400$/);
    expect(answer.headers.get("ratelimit")).toMatch(/, "tenant-budget-day";r=20;t=\d+$/);
    expect(await answer.text()).toContain('"result"');
  });

  it("is of each key, or of a key that it names", async () => {
    const { tenant, rest } = await setUp({ cost: 1 });
    const [usual, rich] = [await tenant.addKey({}), await tenant.addKey({})];
    const subject = { subjectType: "key", period: "day" };
    await rest("POST", "/budgets", { ...subject, name: "Each", amount: 3 });
    await rest("POST", "/budgets", {
      ...{ ...subject, name: "Rich", amount: 6, subjectId: parseApiKey(rich)?.id },
    });
    expect(countOf(await statuses(8, 4, () => callTool(usual, "plain")), 200)).toBe(3);
    expect(countOf(await statuses(8, 4, () => callTool(rich, "plain")), 200)).toBe(6);
    expect(countOf(await statuses(4, 4, () => callTool(tenant.apiKey, "plain")), 200)).toBe(3);
  });

  it("takes effect anew when its amount is raised", async () => {
    const { tenant, rest } = await setUp({ cost: 1 });
    const { id } = z
      .object({ id: z.string() })
      .parse(
        await rest("POST", "/budgets", { name: "Day", subjectType: "tenant", period: "day", amount: 2 }),
      );
    expect(countOf(await statuses(4, 1, () => callTool(tenant.apiKey, "plain")), 200)).toBe(2);
    await rest("PATCH", `/budgets/${id}`, { amount: 5 });
    await expect
      .poll(async () => countOf(await statuses(6, 1, () => callTool(tenant.apiKey, "plain")), 200), {
        timeout: 5000,
      })
      .toBe(3);
  });

  it("records each threshold once, as a system event too", async () => {
    const { tenant, rest } = await setUp({ cost: 1 });
    await rest("POST", "/budgets", {
      ...{ name: "Day", subjectType: "tenant", period: "day", amount: 10, alertThresholds: [50, 100] },
    });
    const events = async () => {
      const page = z
        .object({ items: z.array(z.object({ eventType: z.string(), message: z.string() })) })
        .parse(await rest("GET", "/system-events"));
      return page.items
        .filter(({ eventType }) => eventType.startsWith("budget."))
        .map(({ message }) => message);
    };
    await statuses(5, 1, () => callTool(tenant.apiKey, "plain"));
    await expect.poll(events, { timeout: 10_000 }).toEqual(["Budget Day reached 50 %: 5 of 10 spent."]);
    await statuses(8, 4, () => callTool(tenant.apiKey, "plain"));
    await expect
      .poll(async () => (await events()).toSorted(), { timeout: 10_000 })
      .toEqual(["Budget Day reached 100 %: 10 of 10 spent.", "Budget Day reached 50 %: 5 of 10 spent."]);
    expect(await rest("GET", "/budgets/usage")).toMatchObject({ items: [{ reached: [50, 100] }] });
  });

  it("fires an alert rule on the metric budget_used when its threshold is reached", async () => {
    const { tenant, rest } = await setUp({ cost: 1 });
    await rest("POST", "/budgets", {
      ...{ name: "Day", subjectType: "tenant", period: "day", amount: 10, alertThresholds: [80] },
    });
    const rule = {
      name: "Budget",
      metric: "budget_used",
      comparison: "gte",
      threshold: 0.8,
      severity: "high",
    };
    await rest("POST", "/alerts", { ...rule, channels: [] });
    const { runtimeUrl, neonEndpoint } = databaseOfThisRun();
    const database = createDatabase(
      { main: runtimeUrl, endpoint: neonEndpoint },
      { statistics: new QueryStatistics(), now: Date.now, random: Math.random, sleep },
    );
    // The job `alerts`, for this organization only: other tests share the database.
    const deps: AlertDeps = {
      ...{ database, keyring: new Keyring(KEYS), fetch, now: Date.now, publicUrl: gateway.url },
      urlPolicy: { allowLoopback: true },
      sendMail: async () => undefined,
      queue: { sendBatch: async () => undefined },
    };
    const fired = async () => {
      await evaluateAlerts(deps, { tenantIds: [tenant.id], metrics: ["budget_used"] });
      return alertPage.parse(await rest("GET", "/alert-events")).items;
    };
    await statuses(7, 1, () => callTool(tenant.apiKey, "plain"));
    expect(await fired()).toEqual([]);
    await statuses(1, 1, () => callTool(tenant.apiKey, "plain"));
    await expect.poll(fired, { timeout: 15_000, interval: 1000 }).toMatchObject([{ status: "open" }]);
  });
});

describe("the cost of a call", () => {
  const spentBy = async (rest: Setup["rest"]) =>
    usagePage.parse(await rest("GET", "/budgets/usage")).items[0]?.spent;

  it("is what the tool declares, unless an admin has set another", async () => {
    const { tenant, rest } = await setUp({ cost: 2, tools: { buy: { cost: 1 } } });
    await rest("POST", "/budgets", { name: "Day", subjectType: "tenant", period: "day", amount: 90 });
    const servers = z
      .object({ items: z.array(z.object({ id: z.string() })) })
      .parse(await rest("GET", "/servers"));
    await rest("POST", `/servers/${servers.items[0]?.id}/discover`);
    // The snapshot is a second old at most.
    await expect
      .poll(
        async () => {
          const before = (await spentBy(rest)) ?? 0;
          const response = await callTool(tenant.apiKey, "look");
          expect(response.status, await response.text()).toBe(200);
          return ((await spentBy(rest)) ?? 0) - before;
        },
        { timeout: 10_000 },
      )
      .toBe(4);
    const before = (await spentBy(rest)) ?? 0;
    for (const tool of ["buy", "plain"]) expect((await callTool(tenant.apiKey, tool)).status).toBe(200);
    expect(await spentBy(rest)).toBe(before + 3);
  });

  it("is charged once on the aggregated endpoint", async () => {
    const { tenant, rest } = await setUp({ cost: 5 });
    await rest("POST", "/budgets", { name: "Day", subjectType: "tenant", period: "day", amount: 12 });
    const seen = await statuses(4, 1, () => callTool(tenant.apiKey, "plain", "/mcp"));
    expect(countOf(seen, 429)).toBe(2);
    expect(await spentBy(rest)).toBe(10);
  });
});
