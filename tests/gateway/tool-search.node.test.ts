/** Search mode from outside: three tools find, describe and call the others, in every era and within a caller's rights. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { type Recorder, startRecorder } from "../fixtures/recorder.ts";
import { askModern, LegacySession, modern, textIn } from "../fixtures/wire.ts";
import { connectV1, connectV2, type TestClient } from "../scripts/mcp-clients.ts";

let gateway: TestGateway;
let recorder: Recorder;
let tenant: TestTenant;
let url: string;

const TOOLS = [
  {
    name: "create_invoice",
    description: "Creates an invoice for a customer.",
    inputSchema: {
      type: "object",
      properties: { customer: { type: "string", "x-mcp-header": "Customer" } },
      required: ["customer"],
    },
  },
  { name: "delete_invoice", description: "Deletes an invoice.", inputSchema: { type: "object" } },
];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  recorder = await startRecorder();
  recorder.behave(({ body }, response) => {
    const { id, method, params } = JSON.parse(String(body));
    const common = { resultType: "complete", ttlMs: 60_000, cacheScope: "public" };
    const results: Record<string, object> = {
      "server/discover": { ...common, supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
      "tools/list": { ...common, tools: TOOLS },
    };
    const called = { resultType: "complete", content: [{ type: "text", text: JSON.stringify(params) }] };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result: results[method] ?? called }));
  });
  tenant = await gateway.addTenant({ settings: { naming: { prefix: "always" } } });
  await tenant.addServer({ name: "books", url: recorder.url });
  await tenant.addServer({ name: "mail", url: recorder.url });
  url = `${gateway.url}/mcp?mode=search`;
});

afterAll(async () => {
  await gateway.close();
  await recorder.close();
});

const CLIENTS: [string, (url: string, headers: Record<string, string>) => Promise<TestClient>][] = [
  ["SDK v2, modern", (at, headers) => connectV2(at, "auto", headers)],
  ["SDK v2, legacy", (at, headers) => connectV2(at, "legacy", headers)],
  ["SDK v1", connectV1],
];

describe.each(CLIENTS)("%s in search mode", (_name, connect) => {
  it("searches, describes and calls a tool", async () => {
    const client = await connect(url, { authorization: `Bearer ${tenant.apiKey}` });
    expect(await client.tools()).toEqual(["search_tools", "describe_tools", "call_tool"]);
    const found = z
      .array(z.object({ name: z.string(), parameters: z.array(z.string()) }))
      .parse(
        JSON.parse(await client.call("search_tools", { query: "create invoices in the books", limit: 1 })),
      );
    expect(found).toMatchObject([{ name: "books__create_invoice", parameters: ["customer"] }]);
    expect(await client.call("describe_tools", { names: ["books__create_invoice"] })).toContain(
      '"required":["customer"]',
    );
    const args = { name: "books__create_invoice", arguments: { customer: "Ada" } };
    expect(JSON.parse(await client.call("call_tool", args))).toMatchObject({
      name: "create_invoice",
      arguments: { customer: "Ada" },
    });
    expect(recorder.requests.at(-1)?.headers["mcp-param-customer"]).toBe("Ada");
    expect(await client.call("books__delete_invoice")).toContain("delete_invoice");
    expect(await client.call("search_tools", { query: 5 })).toMatch(/Invalid arguments.*\n\/query/);
    await expect(client.call("call_tool", { name: "unknown" })).rejects.toThrow(/Unknown tool/);
    await client.close();
  });
});

describe("search mode", () => {
  it("neither finds, describes nor calls a denied tool", async () => {
    const key = await tenant.addKey();
    await tenant.deny(key, "tool", "delete_invoice");
    const endpoint = { url, key };
    const session = await LegacySession.begin(endpoint);
    const before = recorder.requests.length;
    const askers = [
      (name: string, args: object) => modern(endpoint, "tools/call", { name, arguments: args }),
      (name: string, args: object) => session.call(name, { ...args }),
    ];
    for (const ask of askers) {
      for (const query of ["delete invoice", "delete_invoice", "books__delete_invoice", "deletes an invoice"])
        expect(textIn(await ask("search_tools", { query, limit: 20 }))).not.toContain("delete_invoice");
      const described = await ask("describe_tools", { names: ["books__delete_invoice"] });
      expect(textIn(described)).toBe("Unknown tool: books__delete_invoice");
      for (const name of ["books__delete_invoice", "delete_invoice"]) {
        const { error } = await ask("call_tool", { name });
        expect(error?.message).toBe(`Unknown tool: ${name}`);
      }
      // A meta-tool is no tool that call_tool can call.
      expect((await ask("call_tool", { name: "call_tool" })).error?.message).toBe("Unknown tool: call_tool");
    }
    expect(recorder.requests.slice(before).filter(({ body }) => String(body).includes("tools/call"))).toEqual(
      [],
    );
  });

  it("searches a toolset, and calls with its fixed parameters", async () => {
    const admin = await tenant.addKey({ role: "admin", scopes: ["admin"] });
    const response = await fetch(`${gateway.url}/api/v1/servers`, {
      headers: { authorization: `Bearer ${admin}` },
    });
    const { items } = z.object({ items: z.array(z.object({ id: z.string() })) }).parse(await response.json());
    const serverId = items[0]?.id;
    const created = await fetch(`${gateway.url}/api/v1/toolsets`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
      body: JSON.stringify({
        ...{ slug: "billing", title: "Billing", members: [{ kind: "tool", serverId, pattern: "create_*" }] },
        overrides: [
          {
            ...{ kind: "tool", serverId, name: "create_invoice", alias: "bill" },
            parameters: { customer: { value: "Acme" } },
          },
        ],
      }),
    });
    expect(created.status).toBe(201);
    const endpoint = { url: `${gateway.url}/mcp/toolsets/billing?mode=search`, key: tenant.apiKey };
    const ask = (name: string, args: object) => modern(endpoint, "tools/call", { name, arguments: args });
    expect(JSON.parse(textIn(await ask("search_tools", { query: "invoice" })))).toMatchObject([
      { name: "bill", parameters: [] },
    ]);
    expect(JSON.parse(textIn(await ask("call_tool", { name: "bill" })))).toMatchObject({
      arguments: { customer: "Acme" },
    });
  });

  it("is refused under an unknown name, and changes nothing without one", async () => {
    const at = (mode: string) => ({ url: `${gateway.url}/mcp?mode=${mode}`, key: tenant.apiKey });
    const refused = await askModern(at("guess"), "tools/list");
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("Unknown mode. Use mode=list or mode=search.");
    expect((await modern(at("list"), "tools/list")).result?.tools).toHaveLength(4);
  });
});
