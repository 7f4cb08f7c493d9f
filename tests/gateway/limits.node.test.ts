/** Limits, bans and breakers as a client observes them: messages, headers and enforcement. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseApiKey } from "../../src/core/access/api-key.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { answerJson, type Recorder, startRecorder } from "../fixtures/recorder.ts";

let gateway: TestGateway;
let upstream: Recorder;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  upstream = await startRecorder();
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const ping = { jsonrpc: "2.0", id: 1, method: "ping" };

function call(
  tenant: TestTenant,
  { key, ip, server = "one" }: { key?: string; ip?: string; server?: string } = {},
) {
  return fetch(`${gateway.url}/t/${tenant.slug}/mcp/${server}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(ip !== undefined && { "cf-connecting-ip": ip }),
    },
    body: JSON.stringify(ping),
  });
}

const statuses = async (count: number, make: () => Promise<Response>, atOnce = 1) => {
  const seen: number[] = [];
  for (let done = 0; done < count; done += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - done) }, async () => {
      const response = await make();
      await response.body?.cancel();
      return response.status;
    });
    seen.push(...(await Promise.all(batch)));
  }
  return seen;
};

const countOf = (all: readonly number[], status: number) => all.filter((one) => one === status).length;

describe("limits", () => {
  it("admit anonymous callers twenty times a minute by address, and report it in every response", async () => {
    const tenant = await gateway.addTenant({
      anonymous: true,
      limits: "default",
      servers: [{ name: "one", url: upstream.url }],
    });
    const first = await call(tenant, { ip: "203.0.113.1" });
    expect(first.headers.get("ratelimit-policy")).toMatch(/"role-minute";q=20;w=60/);
    expect(first.headers.get("ratelimit")).toMatch(/"role-minute";r=19;t=\d+/);
    const rest = await statuses(40, () => call(tenant, { ip: "203.0.113.1" }), 8);
    expect(countOf(rest, 200)).toBe(19);
    expect(countOf(rest, 429)).toBe(21);
    const refused = await call(tenant, { ip: "203.0.113.1" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: { code: -31429, message: /role-minute/ } });
    expect((await call(tenant, { ip: "203.0.113.2" })).status).toBe(200);
  });

  it("hold a key to its own numbers, exactly, however many call at once", async () => {
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    const key = await tenant.addKey({ limits: { rateLimitPerHour: 300, rateLimitPerDay: 10_000 } });
    const seen = await statuses(500, () => call(tenant, { key }), 50);
    expect(countOf(seen, 200)).toBe(300);
    expect(countOf(seen, 429)).toBe(200);
  });
});

describe("limits of servers and tools", () => {
  const admit = async (tenant: TestTenant, limit: object) => {
    const key = await tenant.addKey({ role: "admin", scopes: ["admin"] });
    const response = await fetch(`${gateway.url}/api/v1/rate-limits`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(limit),
    });
    expect(response.status, await response.clone().text()).toBe(201);
    return key;
  };

  it("hold for all callers of a server together, exactly, and leave other servers alone", async () => {
    const servers = ["one", "two"].map((name) => ({ name, url: upstream.url }));
    const tenant = await gateway.addTenant({ servers });
    const rest = await admit(tenant, {
      subjectType: "server",
      serverId: await serverIdOf(tenant, "one"),
      limitCount: 30,
    });
    const keys = [await tenant.addKey({}), await tenant.addKey({})];
    let turn = 0;
    const seen = await statuses(60, () => call(tenant, { key: keys[turn++ % 2] ?? "" }), 12);
    expect(countOf(seen, 200)).toBe(30);
    expect(countOf(seen, 429)).toBe(30);
    expect((await call(tenant, { key: keys[0] ?? "", server: "two" })).status).toBe(200);
    const refused = await call(tenant, { key: keys[0] ?? "" });
    expect(refused.headers.get("ratelimit-policy")).toBe('"server-minute";q=30;w=60');
    expect(await refused.json()).toMatchObject({ error: { code: -31429, message: /server-minute/ } });
    await expectUsage(rest, { kind: "server", subject: "", toolName: null, spent: 30, most: 30 });
  });

  it("hold for one caller at a server", async () => {
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] });
    const [held, free] = [await tenant.addKey({}), await tenant.addKey({})];
    const id = parseApiKey(held)?.id;
    const serverId = await serverIdOf(tenant, "one");
    await admit(tenant, { subjectType: "key", subjectId: id, serverId, limitCount: 5 });
    const seen = await statuses(9, () => call(tenant, { key: held }), 3);
    expect(countOf(seen, 200)).toBe(5);
    expect(countOf(await statuses(9, () => call(tenant, { key: free }), 3), 200)).toBe(9);
  });

  const serverIdOf = async (tenant: TestTenant, name: string) => {
    const key = await tenant.addKey({ role: "admin", scopes: ["admin"] });
    const response = await fetch(`${gateway.url}/api/v1/servers?fields=id,name`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const { items } = z
      .object({ items: z.array(z.object({ id: z.string(), name: z.string() })) })
      .parse(await response.json());
    return items.find((server) => server.name === name)?.id;
  };

  const expectUsage = async (key: string, expected: object) => {
    const response = await fetch(`${gateway.url}/api/v1/traffic/limits`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(await response.json()).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining(expected)]),
    });
  };
});

describe("a request larger than its organization allows", () => {
  it("is refused, and one of another organization is not", async () => {
    const [small, usual] = await Promise.all(
      [1, 2].map(() => gateway.addTenant({ servers: [{ name: "one", url: upstream.url }] })),
    );
    if (small === undefined || usual === undefined) throw new Error("no organization");
    const admin = await small.addKey({ role: "admin", scopes: ["admin"] });
    const set = await fetch(`${gateway.url}/api/v1/configs`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
      body: JSON.stringify({ key: "mcp.max_request_bytes", value: 2000 }),
    });
    expect(set.status, await set.text()).toBe(201);
    const send = (tenant: TestTenant, length: number) =>
      fetch(`${gateway.url}/mcp/one`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2025-11-25",
          authorization: `Bearer ${tenant.apiKey}`,
        },
        body: JSON.stringify({ ...ping, params: { text: "x".repeat(length) } }),
      });
    await expect.poll(async () => (await send(small, 3000)).status, { timeout: 5000 }).toBe(413);
    expect((await send(small, 1000)).status).toBe(200);
    expect((await send(usual, 3000)).status).toBe(200);
  });
});

describe("a client that goes on after being refused", () => {
  it("is banned for a while, and no other client is", async () => {
    const tenant = await gateway.addTenant({
      anonymous: true,
      limits: "default",
      servers: [{ name: "one", url: upstream.url }],
    });
    await statuses(200, () => call(tenant, { ip: "198.51.100.7" }), 10);
    await expect
      .poll(async () => (await call(tenant, { ip: "198.51.100.7" })).text(), { timeout: 10_000 })
      .toMatch(/is banned for/);
    expect((await call(tenant, { ip: "198.51.100.8" })).status).toBe(200);
  });
});

describe("a server that fails", () => {
  it("is not called while its breaker is open, and probed afterwards", async () => {
    const flaky = await startRecorder();
    const tenant = await gateway.addTenant({ servers: [{ name: "one", url: flaky.url }] });
    const key = tenant.apiKey;
    flaky.behave(answerJson({ oops: true }, 503));
    const failing = await statuses(20, () => call(tenant, { key }));
    // Its own failures first, then the gateway's refusals.
    expect(countOf(failing, 502) + countOf(failing, 503)).toBe(20);
    await expect
      .poll(async () => (await call(tenant, { key })).text(), { timeout: 5000 })
      .toMatch(/circuit breaker is open/);
    const asked = flaky.requests.length;
    const refused = await call(tenant, { key });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ id: 1, error: { code: -31508 } });
    expect(flaky.requests.length).toBe(asked);

    flaky.behave(answerJson({ jsonrpc: "2.0", id: 1, result: {} }));
    await expect.poll(async () => (await call(tenant, { key })).status, { timeout: 15_000 }).toBe(200);
    await expect.poll(async () => countOf(await statuses(10, () => call(tenant, { key })), 200)).toBe(10);
    await flaky.close();
  });
});
