/** One server through the gateway, by real clients over a real socket. What the suite of npm run conformance sees is not repeated. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let upstream: Awaited<ReturnType<typeof startEverything>>;

beforeAll(async () => {
  [gateway, upstream] = await Promise.all([startGateway(databaseOfThisRun()), startEverything({ port: 0 })]);
  tenant = await gateway.addTenant({ servers: [{ name: "everything", url: upstream.url }] });
});
afterAll(async () => {
  await Promise.all([gateway?.close(), upstream?.close()]);
});

const endpoint = (server = "everything") => `${gateway.url}/mcp/${server}`;

describe("smoke", () => {
  it("initializes", async () => {
    const answer = await fetch(endpoint(), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", authorization: `Bearer ${tenant.apiKey}` },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } } }),
    });
    const text = await answer.text();
    expect(answer.status, text).toBe(200);
    expect(text).toContain("protocolVersion");
    expect(answer.headers.get("mcp-session-id")).toMatch(/^t1\./);
  });
});
