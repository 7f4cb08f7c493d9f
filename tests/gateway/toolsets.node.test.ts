/** Toolset endpoints from outside: the official clients of every era see and call what a toolset contains, and no more. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { type Recorder, startRecorder } from "../fixtures/recorder.ts";
import { askModern, LegacySession, modern, send, textIn } from "../fixtures/wire.ts";
import { connectV1, connectV2, type TestClient } from "../scripts/mcp-clients.ts";

let gateway: TestGateway;
let recorder: Recorder;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  recorder = await startRecorder();
});

afterAll(async () => {
  await gateway.close();
  await recorder.close();
  await Promise.all(closing.map((close) => close()));
});

const created = z.object({ id: z.string() });

/** An administrator of the tenant over REST. */
async function administer(tenant: TestTenant) {
  const key = await tenant.addKey({ role: "admin", scopes: ["admin"] });
  return async (method: string, path: string, body?: object) => {
    const response = await fetch(`${gateway.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "if-match": "*" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const CLIENTS: [string, (url: string, key: string) => Promise<TestClient>][] = [
  ["SDK v2, modern", (url, key) => connectV2(url, "auto", bearer(key))],
  ["SDK v2, legacy", (url, key) => connectV2(url, "legacy", bearer(key))],
  ["SDK v1", (url, key) => connectV1(url, bearer(key))],
];

describe.each(CLIENTS)("%s at a toolset endpoint", (_name, connect) => {
  let tenant: TestTenant;
  let client: TestClient;

  beforeAll(async () => {
    const [legacyServer, modernServer] = await Promise.all([
      startEverything({ only: "legacy" }),
      startEverything({ only: "modern" }),
    ]);
    closing.push(legacyServer.close, modernServer.close);
    tenant = await gateway.addTenant();
    const legacy = await tenant.addServer({ name: "legacy", url: legacyServer.url });
    const modernId = await tenant.addServer({ name: "modern", url: modernServer.url });
    await (await administer(tenant))("POST", "/toolsets", {
      slug: "support",
      title: "Support",
      instructions: "For support engineers.",
      members: [
        { kind: "tool", serverId: legacy, pattern: "{greet,test_elicitation}" },
        { kind: "tool", serverId: modernId, pattern: "{greet,test_error_handling,test_tool_with_progress}" },
        { kind: "tool", pattern: "test_error_*", isExcluded: true },
        { kind: "prompt", serverId: modernId, pattern: "test_prompt_with_arguments" },
        { kind: "resource", serverId: modernId, pattern: "test://static-text" },
        { kind: "resource", serverId: modernId, pattern: "test://template/*" },
      ],
      overrides: [
        {
          ...{ kind: "tool", serverId: modernId, name: "greet" },
          ...{ alias: "welcome", parameters: { name: { value: "Grace" } } },
        },
        { kind: "tool", serverId: legacy, name: "greet", parameters: { name: { default: "Linus" } } },
        { kind: "prompt", serverId: modernId, name: "test_prompt_with_arguments", alias: "explain" },
      ],
    });
    client = await connect(`${gateway.url}/mcp/toolsets/support`, tenant.apiKey);
    // A list is returned without a server that takes too long, as it may on a busy machine.
    const expectComplete = async () => {
      expect(await client.tools()).toHaveLength(4);
      expect(await client.resources()).not.toEqual([]);
    };
    await vi.waitFor(expectComplete, { timeout: 60_000, interval: 500 });
  });
  afterAll(() => client.close());

  it("lists the selected tools under their names and aliases", async () => {
    expect((await client.tools()).toSorted()).toEqual([
      "greet",
      "test_elicitation",
      "test_tool_with_progress",
      "welcome",
    ]);
  });

  it("sends fixed and default parameters", async () => {
    expect(await client.call("welcome")).toMatch(/Hello, Grace!/);
    expect(await client.call("greet")).toMatch(/Hello, Linus!/);
    expect(await client.call("greet", { name: "Ada" })).toMatch(/Hello, Ada!/);
  });

  it("answers arguments that do not fit with a tool error", async () => {
    expect(await client.call("welcome", { name: "Eve" })).toMatch(/\/name: Parameter is not offered/);
    expect(await client.call("greet", { name: 5 })).toMatch(/Invalid arguments.*\n\/name: /);
  });

  it("elicits input and reports progress", async () => {
    expect(await client.call("test_elicitation", { message: "Who?" })).toMatch(/ada@example\.org/);
    expect(await client.progressOf("test_tool_with_progress")).toEqual([0, 50, 100]);
  });

  it.each(["test_simple_text", "modern__test_simple_text", "modern__greet", "test_error_handling"])(
    "does not have the tool %s",
    async (tool) => {
      await expect(client.call(tool)).rejects.toThrow(/Unknown tool/);
    },
  );

  it("gets the selected prompts and their completions", async () => {
    expect(await client.prompt("explain", { arg1: "a", arg2: "b" })).toMatch(/a/);
    expect(await client.complete("explain", "arg1", "par")).toEqual(["paris", "park", "party"]);
    await expect(client.prompt("test_simple_prompt")).rejects.toThrow(/Unknown prompt/);
  });

  it("reads the selected resources and no others", async () => {
    expect(await client.resources()).toEqual(["test://static-text"]);
    expect(await client.read("test://static-text")).toMatch(/static text resource/);
    expect(await client.read("test://template/7/data")).toMatch(/"id":"7"/);
    for (const uri of [
      "test://static-binary",
      "mcp-server:modern/test://static-binary",
      "mcp-server:legacy/test://static-text",
    ])
      await expect(client.read(uri)).rejects.toThrow(/not found/i);
  });
});

const TOOLS = [
  {
    name: "search",
    description: "Searches a repository.",
    inputSchema: {
      type: "object",
      properties: { query: { type: "string" }, repo: { type: "string", "x-mcp-header": "Repo" } },
      required: ["query", "repo"],
    },
  },
  { name: "delete", inputSchema: { type: "object" } },
];

/** A modern server that answers a call with its arguments. */
function behave(): void {
  recorder.behave(({ body }, response) => {
    const { id, method, params } = JSON.parse(String(body));
    const common = { resultType: "complete", ttlMs: 60_000, cacheScope: "public" };
    const results: Record<string, object> = {
      "server/discover": { ...common, supportedVersions: ["2026-07-28"], capabilities: { tools: {} } },
      "tools/list": { ...common, tools: TOOLS },
      "prompts/list": { ...common, prompts: [] },
    };
    const called = {
      resultType: "complete",
      content: [{ type: "text", text: JSON.stringify(params?.arguments) }],
    };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result: results[method] ?? called }));
  });
}

const calls = () => recorder.requests.filter(({ body }) => String(body).includes('"tools/call"'));

async function addToolset() {
  behave();
  const tenant = await gateway.addTenant({ anonymous: true });
  const serverId = await tenant.addServer({ name: "code", url: recorder.url });
  const admin = await administer(tenant);
  const toolset = await admin("POST", "/toolsets", {
    slug: "code",
    title: "Code",
    members: [{ kind: "tool", serverId, pattern: "search" }],
    overrides: [
      {
        ...{
          kind: "tool",
          serverId,
          name: "search",
          alias: "find_code",
          description: "Finds code in the shop.",
        },
        parameters: { repo: { value: "acme/shop" } },
      },
    ],
  });
  const url = `${gateway.url}/mcp/toolsets/code`;
  return { tenant, admin, id: created.parse(toolset).id, endpoint: { url, key: tenant.apiKey } };
}

describe("a toolset endpoint", () => {
  it("shows the exposed definition, and sends the arguments and headers that the server requires", async () => {
    const { endpoint } = await addToolset();
    const { result } = await modern(endpoint, "tools/list");
    expect(result?.tools).toEqual([
      {
        name: "find_code",
        description: "Finds code in the shop.",
        inputSchema: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
      },
    ]);
    const before = calls().length;
    const answer = await modern(endpoint, "tools/call", { name: "find_code", arguments: { query: "tax" } });
    expect(JSON.parse(textIn(answer))).toEqual({ query: "tax", repo: "acme/shop" });
    const session = await LegacySession.begin(endpoint);
    expect(JSON.parse(textIn(await session.call("find_code", { query: "vat" })))).toEqual({
      query: "vat",
      repo: "acme/shop",
    });
    const sent = calls().slice(before);
    expect(sent.map(({ headers }) => headers["mcp-param-repo"])).toEqual(["acme/shop", "acme/shop"]);
    expect(sent.map(({ headers }) => headers["mcp-name"])).toEqual(["search", "search"]);
  });

  it("sends nothing where the arguments are invalid or a header contradicts them", async () => {
    const { endpoint } = await addToolset();
    await modern(endpoint, "tools/list");
    const session = await LegacySession.begin(endpoint);
    const before = calls().length;
    for (const args of [{}, { query: 5 }, { query: "a", repo: "other" }]) {
      const answers = [
        await modern(endpoint, "tools/call", { name: "find_code", arguments: args }),
        await session.call("find_code", args),
      ];
      for (const { result } of answers) expect(result).toMatchObject({ isError: true });
    }
    const headers = { "mcp-param-repo": "other" };
    const params = { name: "find_code", arguments: { query: "a" } };
    const response = await askModern(endpoint, "tools/call", params, { headers });
    // The parameter is not part of the exposed schema, so its header means nothing here.
    expect(await response.text()).toContain("acme/shop");
    expect(
      calls()
        .slice(before)
        .map(({ headers: sent }) => sent["mcp-param-repo"]),
    ).toEqual(["acme/shop"]);
  });

  it("passes nothing unknown to the only server", async () => {
    const { endpoint } = await addToolset();
    await modern(endpoint, "tools/list");
    const session = await LegacySession.begin(endpoint);
    const before = recorder.requests.length;
    expect((await modern(endpoint, "custom/method")).error?.code).toBe(-32601);
    expect((await session.ask("custom/method")).error?.code).toBe(-32601);
    expect((await modern(endpoint, "tools/call", { name: "delete" })).error?.message).toBe(
      "Unknown tool: delete",
    );
    expect((await session.call("delete")).error?.message).toBe("Unknown tool: delete");
    expect(recorder.requests.slice(before)).toEqual([]);
  });

  it("hides a denied tool from the list and from calls by its alias", async () => {
    const { tenant, endpoint } = await addToolset();
    const key = await tenant.addKey();
    await tenant.deny(key, "tool", "search");
    const denied = { ...endpoint, key };
    const before = calls().length;
    expect((await modern(denied, "tools/list")).result?.tools).toEqual([]);
    // Invalid arguments reveal no more than valid ones.
    for (const args of [{ query: "a" }, { query: 5 }]) {
      const params = { name: "find_code", arguments: args };
      expect((await modern(denied, "tools/call", params)).error?.message).toBe("Unknown tool: find_code");
      const session = await LegacySession.begin(denied);
      expect((await session.call("find_code", args)).error?.message).toBe("Unknown tool: find_code");
    }
    expect(calls()).toHaveLength(before);
    expect((await modern(endpoint, "tools/list")).result?.tools).toHaveLength(1);
  });

  it("is served under the organization's path, also to anonymous callers", async () => {
    const { tenant } = await addToolset();
    const url = `${gateway.url}/t/${tenant.slug}/mcp/toolsets/code`;
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({
        ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
        params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "a", version: "1" } },
      }),
    });
    expect(await response.json()).toMatchObject({ result: { serverInfo: { title: "Code" } } });
  });

  it("changes and ends with its toolset, also for open sessions", async () => {
    const { admin, id, endpoint } = await addToolset();
    const session = await LegacySession.begin(endpoint);
    const names = async () => {
      const { result } = await session.ask("tools/list");
      return z
        .array(z.object({ name: z.string() }))
        .parse(result?.tools)
        .map(({ name }) => name);
    };
    expect(await names()).toEqual(["find_code"]);
    await admin("PATCH", `/toolsets/${id}`, { overrides: [] });
    await expect.poll(names).toEqual(["search"]);
    await admin("PATCH", `/toolsets/${id}`, { isActive: false });
    await expect.poll(async () => (await askModern(endpoint, "tools/list")).status).toBe(404);
  });

  it.each([
    ["POST", "unknown"],
    ["GET", "unknown"],
    ["POST", "Code"],
  ])("is not found by %s under the slug %s", async (method, slug) => {
    const { endpoint } = await addToolset();
    const url = `${gateway.url}/mcp/toolsets/${slug}`;
    const response =
      method === "POST"
        ? await askModern({ ...endpoint, url }, "tools/list")
        : await fetch(url, { headers: { ...bearer(endpoint.key), accept: "text/event-stream" } });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("Toolset not found.");
  });

  it("is another organization's toolset by the same slug, or none", async () => {
    const { endpoint } = await addToolset();
    const other = await gateway.addTenant();
    expect((await askModern({ ...endpoint, key: other.apiKey }, "tools/list")).status).toBe(404);
  });

  it("keeps sessions of other endpoints apart", async () => {
    const { endpoint } = await addToolset();
    const session = await LegacySession.begin(endpoint);
    const response = await send(
      { ...endpoint, url: `${gateway.url}/mcp` },
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      { headers: { "mcp-session-id": session.id, "mcp-protocol-version": "2025-11-25" } },
    );
    expect(response.status).toBe(404);
  });

  it("has metadata and a challenge of its own", async () => {
    const path = "/mcp/toolsets/code";
    const metadata = await fetch(`${gateway.url}/.well-known/oauth-protected-resource${path}`);
    expect(await metadata.json()).toMatchObject({ resource: gateway.url + path });
    const refused = await askModern({ url: gateway.url + path, key: "mcp_wrong" }, "tools/list");
    expect(refused.headers.get("www-authenticate")).toContain(
      `/.well-known/oauth-protected-resource${path}"`,
    );
  });
});
