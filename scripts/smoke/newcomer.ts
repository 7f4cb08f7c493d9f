// A newcomer: opens the start page, connects the official clients of every era, signs in by OAuth, registers a server of
// their own and calls it.
import { strict as assert } from "node:assert";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { TestBrowser } from "../../tests/fixtures/browser.ts";
import { sdkClient } from "../../tests/fixtures/sdk-client.ts";
import { LegacySession, textIn } from "../../tests/fixtures/wire.ts";
import { connectV1, connectV2, type TestClient } from "../../tests/scripts/mcp-clients.ts";
import { startExamples } from "../examples/start.ts";
import type { Instance } from "./instance.ts";
import type { Report } from "./report.ts";
import { callRest } from "./rest.ts";

const REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
const SUM = { a: 20, b: 22 };

export async function checkNewcomer(instance: Instance, report: Report): Promise<void> {
  const { origin, ready } = instance;
  const { mcpUrl, apiKey, login } = ready;
  const headers = { authorization: `Bearer ${apiKey}` };

  await report.check("the root page links to the UI and the endpoint", async () => {
    const page = await fetch(origin, { headers: { accept: "text/html" } });
    assert.equal(page.status, 200);
    assert.match(await page.text(), /href="\/sign-in"/);
    const pointer = await fetch(origin, { headers: { accept: "application/json" } });
    assert.deepEqual(Object(await pointer.json()).mcp, mcpUrl);
  });

  const clients: readonly (readonly [string, () => Promise<TestClient>])[] = [
    ["SDK v2, 2026-07-28", () => connectV2(mcpUrl, "auto", headers)],
    ["SDK v2, 2025-11-25", () => connectV2(mcpUrl, "legacy", headers)],
    ["SDK v1", () => connectV1(mcpUrl, headers)],
    ["SDK v2, one server", () => connectV2(`${mcpUrl}/calculator`, "auto", headers)],
    ["SDK v1, one server", () => connectV1(`${mcpUrl}/calculator`, headers)],
  ];
  for (const [name, connect] of clients) {
    await report.check(`${name}: lists and calls tools`, async () => {
      const client = await connect();
      const tool = (await client.tools()).find((candidate) => candidate.endsWith("add"));
      assert.ok(tool, "the tool add is not listed");
      assert.match(await client.call(tool, SUM), /42/);
      await client.close();
    });
  }
  await report.check("SDK v1 over HTTP+SSE: lists tools", async () => {
    const client = new Client({ name: "smoke", version: "1.0.0" });
    await client.connect(new SSEClientTransport(new URL(mcpUrl), { requestInit: { headers } }));
    assert.ok((await client.listTools()).tools.length > 0);
    await client.close();
  });
  for (const revision of REVISIONS) {
    await report.check(`a session of ${revision} calls a tool`, async () => {
      const session = await LegacySession.begin({ url: `${mcpUrl}/calculator`, key: apiKey }, { revision });
      assert.match(textIn(await session.call("add", SUM)), /42/);
      await session.end();
    });
  }

  await report.check("OAuth: register, sign in, consent, call", async () => {
    const application = await sdkClient({ url: mcpUrl, name: "Smoke" });
    const browser = new TestBrowser(origin);
    const client = await application.connect(async (url) => {
      const { pathname, search } = new URL(url);
      await browser.signIn({ identifier: login.email, password: login.password });
      browser.leftFor = undefined;
      const page = await browser.go(pathname + search);
      if (page.url.includes("/consent")) await browser.submit(page, "/consent");
      assert.ok(browser.leftFor, `no way back from ${page.url}`);
      await fetch(browser.leftFor);
    });
    assert.ok((await client.listTools()).tools.length > 0);
    await client.close();
    await application.close();
  });

  await report.check("a server registered over REST is called", async () => {
    const examples = await startExamples();
    const url = examples.servers.find(({ name }) => name === "calculator")?.url;
    const { status, body } = await callRest(instance, "POST", "/servers", {
      name: "mine",
      endpointUrl: url,
      evenIfRegistered: true,
    });
    assert.equal(status, 201, JSON.stringify(body));
    const client = await connectV2(`${mcpUrl}/mine`, "auto", headers);
    assert.match(await client.call("add", SUM), /42/);
    await client.close();
    await examples.close();
  });
}
