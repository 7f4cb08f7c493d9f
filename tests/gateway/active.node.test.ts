/** Long requests: admins of the tenant see and cancel them, of any principal and isolate. */
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Http1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Started, startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { askModern } from "../fixtures/wire.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let admin: string;
const fixtures: Started[] = [];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  fixtures.push(await startEverything(), await startEverything({ only: "legacy" }));
  const [both, legacy] = fixtures;
  tenant = await gateway.addTenant({
    servers: [
      { name: "both", url: both?.url ?? "" },
      { name: "legacy", url: legacy?.url ?? "" },
    ],
  });
  admin = await tenant.addKey({ role: "admin", scopes: ["admin"] });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all(fixtures.map(({ close }) => close()));
});

const listed = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      server: z.string(),
      method: z.string(),
      target: z.string(),
      requestId: z.string(),
    }),
  ),
});

const api = (path: string, method = "GET", key = admin) =>
  fetch(`${gateway.url}/api/v1/active-requests${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
  });

const running = async () => listed.parse(await (await api("")).json()).items;

async function callModern(path: string, name: string): Promise<unknown> {
  const endpoint = { url: `${gateway.url}/mcp${path}`, key: tenant.apiKey };
  const response = await askModern(endpoint, "tools/call", { name, arguments: { ms: 30_000 } });
  const text = await response.text();
  return JSON.parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? text);
}

async function callLegacy(path: string, tool: string): Promise<unknown> {
  const client = new Client1({ name: "test", version: "1" });
  const headers = { authorization: `Bearer ${tenant.apiKey}` };
  const transport = new Http1(new URL(`${gateway.url}/mcp${path}`), { requestInit: { headers } });
  // Its type predates exactOptionalPropertyTypes.
  await client.connect(transport as Transport);
  const failed = await client
    .callTool({ name: tool, arguments: { ms: 30_000 } })
    .catch((error: { code: number; message: string }) => ({ error: { code: error.code } }));
  await client.close();
  return failed;
}

describe.each([
  ["a modern client, one server", "both", () => callModern("/both", "test_slow")],
  ["a modern client, all servers", "both", () => callModern("", "both__test_slow")],
  ["a modern client, a legacy server", "legacy", () => callModern("", "legacy__test_slow")],
  ["a legacy client, all servers", "both", () => callLegacy("", "both__test_slow")],
  ["a legacy client, a legacy server", "legacy", () => callLegacy("/legacy", "test_slow")],
])("%s", (_who, server, call) => {
  it("is listed while it waits, and gets an error when it is canceled", async () => {
    const calling = call();
    await expect.poll(running, { timeout: 10_000 }).toHaveLength(1);
    const [request] = await running();
    expect(request).toMatchObject({ server, method: "tools/call", target: "test_slow" });
    expect((await api(`/${request?.id}/cancel`, "POST")).status).toBe(202);
    expect(await calling).toMatchObject({ error: { code: -31499 } });
    await expect.poll(running, { timeout: 10_000 }).toEqual([]);
  });
});

it("is the business of the tenant's own admins", async () => {
  const stranger = await gateway.addTenant();
  const calling = callModern("/both", "test_slow");
  await expect.poll(running, { timeout: 10_000 }).toHaveLength(1);
  const [request] = await running();
  const foreign = await stranger.addKey({ role: "admin", scopes: ["admin"] });
  expect(listed.parse(await (await api("", "GET", foreign)).json()).items).toEqual([]);
  expect((await api(`/${request?.id}/cancel`, "POST", foreign)).status).toBe(404);
  expect((await api(`/${request?.id}/cancel`, "POST", tenant.apiKey)).status).toBe(403);
  expect((await api(`/${request?.id}/cancel`, "POST")).status).toBe(202);
  await calling;
});
