/** Routing rules from outside: calls are distributed by the rule, and fail over when a server fails. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { type Recorder, startRecorder } from "../fixtures/recorder.ts";
import { answerIn, askModern, LegacySession } from "../fixtures/wire.ts";

const answer = z.object({
  result: z.object({ content: z.array(z.object({ text: z.string() })) }).optional(),
  error: z.object({ message: z.string() }).optional(),
});

let gateway: TestGateway;
const servers: Recorder[] = [];

const TOOLS = [
  { name: "look", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
  { name: "change", inputSchema: { type: "object" } },
];

/** A modern server with two tools whose results contain its name. */
function behave(server: Recorder, name: string, failing: () => boolean = () => false): void {
  server.behave(({ body }, response) => {
    const { id, method } = JSON.parse(String(body));
    const common = { resultType: "complete", ttlMs: 60_000, cacheScope: "public" };
    const result =
      method === "server/discover"
        ? { ...common, supportedVersions: ["2026-07-28"], capabilities: { tools: {} } }
        : method === "tools/list"
          ? { ...common, tools: TOOLS }
          : { resultType: "complete", content: [{ type: "text", text: name }] };
    const status = method === "tools/call" && failing() ? 503 : 200;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
}

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  for (let count = 0; count < 3; count += 1) servers.push(await startRecorder());
});
afterAll(async () => {
  await gateway.close();
  await Promise.all(servers.map((server) => server.close()));
});

async function tenantWith(strategy: string, options: object = {}, conditions: object = {}) {
  const tenant = await gateway.addTenant({ settings: { naming: { prefix: "never" } } });
  const ids: string[] = [];
  for (const [index, server] of servers.entries()) {
    behave(server, `server-${index}`);
    ids.push(await tenant.addServer({ name: `server-${index}`, url: server.url }));
  }
  await tenant.addRoutingRule({ strategy, options, conditions, targets: ids });
  const call = async (tool = "look", args: object = {}) => {
    const endpoint = { url: `${gateway.url}/mcp`, key: tenant.apiKey };
    const response = await askModern(endpoint, "tools/call", { name: tool, arguments: args });
    const { result, error } = answer.parse(await response.json());
    return result?.content[0]?.text ?? error?.message ?? "";
  };
  // All inventories are fetched before calls are counted.
  await expect.poll(() => call()).toMatch(/^server-/);
  return call;
}

const tally = (names: readonly string[]) =>
  Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]).sort());

async function times(count: number, make: () => Promise<string>): Promise<string[]> {
  const names: string[] = [];
  for (let done = 0; done < count; done += 1) names.push(await make());
  return names;
}

describe("a server's region", () => {
  it("sends calls to the servers near the client, in every era", async () => {
    const tenant = await gateway.addTenant({ settings: { naming: { prefix: "never" } } });
    const ids: string[] = [];
    for (const [index, region] of ["us-east-1", "DE", "eu"].entries()) {
      const server = servers[index];
      if (server === undefined) throw new TypeError("three servers");
      behave(server, region);
      ids.push(await tenant.addServer({ name: `region-${index}`, url: server.url, region }));
    }
    await tenant.addRoutingRule({ strategy: "round_robin", targets: ids });
    const endpoint = { url: `${gateway.url}/mcp`, key: tenant.apiKey };
    const params = { name: "look", arguments: {} };
    const textOf = (message: unknown) => answer.parse(message).result?.content[0]?.text ?? "";
    const modern = async (country: string) => {
      const response = await askModern(endpoint, "tools/call", params, {
        headers: { "cf-ipcountry": country },
      });
      return textOf(await response.json());
    };
    await expect.poll(() => modern("DE")).toBe("DE");
    expect(tally(await times(6, () => modern("DE")))).toEqual({ DE: 6 });
    expect(tally(await times(6, () => modern("JP")))).toEqual({ DE: 2, eu: 2, "us-east-1": 2 });
    const session = await LegacySession.begin(endpoint);
    const legacy = async () => {
      const sending = { headers: { "cf-ipcountry": "DE" } };
      return textOf(await answerIn(await session.request("tools/call", params, sending)));
    };
    expect(tally(await times(4, legacy))).toEqual({ DE: 4 });
    await session.end();
  });
});

describe("a routing rule", () => {
  it("spreads calls in turn", async () => {
    const call = await tenantWith("round_robin");
    expect(tally(await times(30, () => call()))).toEqual({ "server-0": 10, "server-1": 10, "server-2": 10 });
  });

  it("keeps together what has the same argument", async () => {
    const call = await tenantWith("consistent_hash", { hashOn: "argument", argument: "customer" });
    const of = (customer: string) => times(5, () => call("look", { customer }));
    const homes = new Set<string>();
    for (const customer of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      const names = new Set(await of(customer));
      expect(names.size).toBe(1);
      for (const name of names) homes.add(name);
    }
    expect(homes.size).toBeGreaterThan(1);
  });

  it("binds a caller to the server that it began with", async () => {
    const call = await tenantWith("random", { sticky: true });
    expect(new Set(await times(15, () => call())).size).toBe(1);
  });

  it("steers only what it is about", async () => {
    const call = await tenantWith("round_robin", {}, { tools: ["look"] });
    expect(Object.keys(tally(await times(9, () => call("look"))))).toHaveLength(3);
    expect(tally(await times(9, () => call("change")))).toEqual({ "server-0": 9 });
  });

  it("fails over where that is safe, and only there", async () => {
    const call = await tenantWith("priority-failover");
    const [first] = servers;
    if (first === undefined) throw new Error("no servers");
    behave(first, "server-0", () => true);
    expect(tally(await times(5, () => call("look")))).toEqual({ "server-1": 5 });
    // Whether the change was made is unknown.
    const changed = await call("change");
    expect(changed).not.toBe("server-1");
    // Once its breaker is open, nothing is sent to it, and so anything may go elsewhere.
    await expect.poll(() => call("change"), { timeout: 10_000 }).toBe("server-1");
    behave(first, "server-0");
    await expect.poll(() => call("change"), { timeout: 20_000, interval: 500 }).toBe("server-0");
  });
});
