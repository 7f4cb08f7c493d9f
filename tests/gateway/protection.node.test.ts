/** What protects servers and the gateway, as admins set it and see it over REST: breakers, bans and queues. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { answerJson, startRecorder } from "../fixtures/recorder.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
});
afterAll(async () => {
  await gateway.close();
});

const WAIT = { timeout: 20_000, interval: 100 };
const ping = { jsonrpc: "2.0", id: 1, method: "ping" };

function call(tenant: TestTenant, options: { ip?: string } = {}) {
  const path = options.ip === undefined ? "/mcp/one" : `/t/${tenant.slug}/mcp/one`;
  return fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
      ...(options.ip === undefined
        ? { authorization: `Bearer ${tenant.apiKey}` }
        : { "cf-connecting-ip": options.ip }),
    },
    body: JSON.stringify(ping),
  });
}

async function statuses(count: number, make: () => Promise<Response>): Promise<number[]> {
  const seen: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const response = await make();
    await response.body?.cancel();
    seen.push(response.status);
  }
  return seen;
}

const page = z.object({ items: z.array(z.record(z.string(), z.unknown())) });

/** The REST API as an admin of the tenant. */
async function administer(tenant: TestTenant) {
  const key = await tenant.addKey({ role: "admin", scopes: ["admin"] });
  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${gateway.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "if-match": "*" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const list = async (path: string) => page.parse(await send("GET", path)).items;
  const serverId = async () => String((await list("/servers"))[0]?.id);
  return { send, list, serverId };
}

describe("a circuit breaker", () => {
  it("obeys the thresholds of its server, and shows what it counts and when it tries again", async () => {
    const upstream = await startRecorder();
    const breaker = { minimumCalls: 3, errorRate: 0.9, openSeconds: 600 };
    const tenant = await gateway.addTenant({
      servers: [{ name: "one", url: upstream.url, settings: { breaker } }],
    });
    const { send, list, serverId } = await administer(tenant);
    const id = await serverId();
    expect(await send("GET", `/servers/${id}/breaker`)).toMatchObject({
      ...{ state: "closed", calls: 0, nextAttemptAt: null },
      thresholds: { minimumCalls: 3, errorRate: 0.9, openSeconds: 600, slowCallRate: 0.9, probes: 3 },
    });
    upstream.behave(answerJson({ oops: true }, 500));
    await statuses(3, () => call(tenant));
    await vi.waitFor(async () => {
      const live = Object(await send("GET", `/servers/${id}/breaker`));
      expect(live).toMatchObject({ state: "open", isForced: false, consecutiveOpens: 1 });
      expect(Date.parse(live.nextAttemptAt) - Date.now()).toBeGreaterThan(500_000);
    }, WAIT);
    const asked = upstream.requests.length;
    expect((await call(tenant)).status).toBe(503);
    expect(upstream.requests.length).toBe(asked);
    await vi.waitFor(async () => {
      const [stored] = await list(`/circuit-breakers?serverId=${id}`);
      expect(stored).toMatchObject({ state: "open", failureCount: 3, slowCount: 0, consecutiveOpens: 1 });
      expect(stored?.nextAttemptAt).toEqual(expect.any(String));
    }, WAIT);
    await upstream.close();
  });

  it("obeys the organization's settings where the server has none", async () => {
    const upstream = await startRecorder();
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    const { send, serverId } = await administer(tenant);
    await send("POST", "/configs", { key: "breaker.minimum_calls", value: 2 });
    await send("POST", "/configs", { key: "breaker.open_seconds", value: 500 });
    await expect(send("POST", "/configs", { key: "breaker.probes", value: 1.5 })).rejects.toThrow(/integer/);
    upstream.behave(answerJson({ oops: true }, 500));
    const id = await serverId();
    await vi.waitFor(async () => {
      await statuses(2, () => call(tenant));
      expect(await send("GET", `/servers/${id}/breaker`)).toMatchObject({
        state: "open",
        thresholds: { minimumCalls: 2, openSeconds: 500 },
      });
    }, WAIT);
    await upstream.close();
  });
});

describe("an automatic ban", () => {
  it("comes as the organization sets it, is an IP rule and a security event, and is lifted by deleting it", async () => {
    const upstream = await startRecorder();
    const tenant = await gateway.addTenant({
      anonymous: true,
      limits: "default",
      servers: [{ name: "one", url: upstream.url }],
    });
    const { send, list } = await administer(tenant);
    for (const [key, value] of Object.entries({ "bans.violations": 30, "bans.first_seconds": 3600 })) {
      await send("POST", "/configs", { key, value });
    }
    const ip = "198.51.100.77";
    await vi.waitFor(async () => {
      await statuses(10, () => call(tenant, { ip }));
      expect(await (await call(tenant, { ip })).text()).toMatch(/is banned for/);
    }, WAIT);
    const rule = await vi.waitFor(async () => {
      const [found] = await list("/ip-rules?isAutomatic=true");
      expect(found).toMatchObject({ cidr: `${ip}/32`, kind: "block", isActive: true });
      return found ?? {};
    }, WAIT);
    expect(rule.violations).toBeGreaterThanOrEqual(30);
    const lastsMs = Date.parse(String(rule.expiresAt)) - Date.now();
    expect(lastsMs).toBeGreaterThan(3_000_000);
    expect(lastsMs).toBeLessThanOrEqual(3_600_000);
    await vi.waitFor(async () => {
      expect(await list("/security-events?eventType=address.banned")).toMatchObject([{ ipAddress: ip }]);
    }, WAIT);
    await expect(send("PATCH", `/ip-rules/${rule.id}`, { isActive: false })).rejects.toThrow(/lift the ban/);
    await send("DELETE", `/ip-rules/${rule.id}`);
    await vi.waitFor(async () => {
      expect(await (await call(tenant, { ip })).text()).not.toMatch(/is banned for/);
    }, WAIT);
    await upstream.close();
  });

  it("can be disabled", async () => {
    const upstream = await startRecorder();
    const tenant = await gateway.addTenant({
      anonymous: true,
      limits: "default",
      servers: [{ name: "one", url: upstream.url }],
    });
    const { send } = await administer(tenant);
    await send("POST", "/configs", { key: "bans.is_enabled", value: false });
    await statuses(20, () => call(tenant, { ip: "198.51.100.78" }));
    const later = await statuses(150, () => call(tenant, { ip: "198.51.100.78" }));
    expect(new Set(later)).toEqual(new Set([429]));
    expect(await (await call(tenant, { ip: "198.51.100.78" })).text()).toMatch(/role-minute/);
    await upstream.close();
  });
});

describe("a queue", () => {
  it("shows its depth, its oldest wait and its totals, and obeys its settings within a second", async () => {
    const upstream = await startRecorder();
    const release = Promise.withResolvers<void>();
    upstream.behave(async (request, response) => {
      await release.promise;
      await answerJson({ jsonrpc: "2.0", id: 1, result: {} })(request, response);
    });
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    const { send, list, serverId } = await administer(tenant);
    const id = await serverId();
    await send("PATCH", `/servers/${id}`, { maxConcurrency: 1 });
    const { id: queue } = Object(
      await send("POST", "/request-queues", { serverId: id, maxSize: 5, maxWaitMs: 60_000 }),
    );
    const first = call(tenant);
    await vi.waitFor(() => expect(upstream.requests.length).toBe(1), WAIT);
    const waiting = [call(tenant), call(tenant)];
    await vi.waitFor(async () => {
      const [seen] = await list("/request-queues/observed");
      expect(seen).toMatchObject({ serverId: id, depth: 2, totalQueued: 2, totalRejected: 0 });
      expect(Number(seen?.oldestWaitMs)).toBeGreaterThan(0);
    }, WAIT);
    await send("PATCH", `/request-queues/${queue}`, { isEnabled: false });
    await vi.waitFor(async () => expect((await call(tenant)).status).toBe(503), WAIT);
    release.resolve();
    expect((await Promise.all([first, ...waiting])).map(({ status }) => status)).toEqual([200, 200, 200]);
    await vi.waitFor(async () => {
      await call(tenant);
      const [seen] = await list("/request-queues/observed");
      expect(seen).toMatchObject({ depth: 0, oldestWaitMs: 0 });
      expect(Number(seen?.totalRejected)).toBeGreaterThanOrEqual(1);
    }, WAIT);
    await upstream.close();
  });
});
