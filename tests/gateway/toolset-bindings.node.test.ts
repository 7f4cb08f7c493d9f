/** Bound callers from outside: what each endpoint serves, open streams, and rules that allow a toolset alone. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseApiKey } from "../../src/core/access/api-key.ts";
import { startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { askModern, LegacySession, modern, send, textIn } from "../fixtures/wire.ts";

let gateway: TestGateway;
let upstream: Awaited<ReturnType<typeof startEverything>>;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  upstream = await startEverything({ only: "modern" });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const created = z.object({ id: z.string() });
const TAKES_EFFECT = { timeout: 10_000, interval: 50 };

interface Place {
  readonly tenant: TestTenant;
  readonly key: string;
  readonly keyId: string;
  administer(method: string, path: string, body?: object): Promise<unknown>;
  toolset(slug: string, pattern: string): Promise<string>;
  bind(subjectType: string, subjectId: string, toolsetId: string): Promise<unknown>;
  at(path: string): { readonly url: string; readonly key: string };
  names(path: string): Promise<string[] | undefined>;
}

async function open(settings: Record<string, unknown> = {}): Promise<Place> {
  const tenant = await gateway.addTenant({ settings, servers: [{ name: "all", url: upstream.url }] });
  const admin = await tenant.addKey({ role: "admin", scopes: ["admin"] });
  const key = await tenant.addKey({ role: "user" });
  const administer: Place["administer"] = async (method, path, body) => {
    const response = await fetch(`${gateway.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json", "if-match": "*" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const at = (path: string) => ({ url: `${gateway.url}/mcp${path}`, key });
  return {
    ...{ tenant, key, keyId: parseApiKey(key)?.id ?? "", administer, at },
    async toolset(slug, pattern) {
      const members = [{ kind: "tool", pattern }];
      return created.parse(await administer("POST", "/toolsets", { slug, title: slug, members })).id;
    },
    bind: (subjectType, subjectId, toolsetId) =>
      administer("POST", "/toolset-bindings", { subjectType, subjectId, toolsetId }),
    async names(path) {
      const { result } = await modern(at(path), "tools/list");
      const tools = z.array(z.object({ name: z.string() })).safeParse(result?.tools).data;
      return tools?.map(({ name }) => name).toSorted();
    },
  };
}

const statusOf = async (response: Promise<Response>) => {
  const { status, body } = await response;
  await body?.cancel();
  return status;
};

describe("a bound key", () => {
  it("has its toolset at /mcp and at the toolset's endpoint, and nothing at any other", async () => {
    const { at, bind, keyId, names, toolset } = await open();
    await toolset("others", "test_*");
    expect((await names(""))?.length).toBeGreaterThan(5);
    // Often enough that the short cuts of a warm isolate are taken.
    for (let time = 0; time < 3; time += 1)
      expect(
        textIn(await modern(at("/all"), "tools/call", { name: "greet", arguments: { name: "A" } })),
      ).toMatch(/A/);
    await bind("key", keyId, await toolset("greeters", "greet"));
    await expect.poll(() => names(""), TAKES_EFFECT).toEqual(["greet"]);
    expect(await names("/toolsets/greeters")).toEqual(["greet"]);
    expect(await names("/toolsets/others")).toBeUndefined();
    for (const path of ["/all", "/toolsets/others", "/nowhere"]) {
      expect(await statusOf(askModern(at(path), "tools/call", { name: "greet", arguments: {} }))).toBe(404);
      const initialize = {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "a", version: "1" },
      };
      const begin = send(at(path), { jsonrpc: "2.0", id: 0, method: "initialize", params: initialize });
      expect(await statusOf(begin)).toBe(404);
    }
    const outside = { name: "test_simple_text", arguments: {} };
    expect((await modern(at(""), "tools/call", outside)).error?.message).toBe(
      "Unknown tool: test_simple_text",
    );
    const search = await modern(at("?mode=search"), "tools/call", {
      name: "call_tool",
      arguments: outside,
    });
    expect(search.error?.message ?? textIn(search)).toMatch(/Unknown tool/);
    const session = await LegacySession.begin(at(""));
    expect((await session.ask("tools/list")).result?.tools).toMatchObject([{ name: "greet" }]);
    expect((await session.call("test_simple_text")).error?.message).toBe("Unknown tool: test_simple_text");
  });

  it("loses what it had open: streams end, and its session is not found", async () => {
    const { at, bind, keyId, toolset } = await open();
    const id = await toolset("greeters", "greet");
    const session = await LegacySession.begin(at(""));
    const notifications = { toolsListChanged: true };
    const streams = await Promise.all([
      session.stream(),
      askModern(at(""), "subscriptions/listen", { notifications }),
      askModern(at("/all"), "subscriptions/listen", { notifications }),
    ]);
    let ended = 0;
    const reading = streams.map(async (stream) => {
      await stream.text();
      ended += 1;
    });
    await bind("key", keyId, id);
    await expect.poll(() => ended, TAKES_EFFECT).toBe(streams.length);
    await Promise.all(reading);
    expect(await statusOf(session.request("tools/list"))).toBe(404);
  });

  it("has nothing while its toolset is disabled, and gets an error with the next step", async () => {
    const { administer, at, bind, keyId, names, toolset } = await open();
    const id = await toolset("greeters", "greet");
    await bind("key", keyId, id);
    await expect.poll(() => names(""), TAKES_EFFECT).toEqual(["greet"]);
    await administer("PATCH", `/toolsets/${id}`, { isActive: false });
    await expect.poll(async () => statusOf(askModern(at(""), "tools/list")), TAKES_EFFECT).toBe(403);
    const { error } = await modern(at(""), "tools/list");
    expect(error?.message).toBe(
      "Your toolset binding allows no enabled toolset. Ask an organization admin to change it.",
    );
    expect(await statusOf(askModern(at("/all"), "tools/list"))).toBe(404);
  });

  it("is bound by its user's group until the membership expires", async () => {
    const { administer, bind, names, tenant, toolset } = await open();
    const me = await administer("GET", "/members?limit=200");
    const members = z
      .object({ items: z.array(z.object({ userId: z.string(), role: z.string() })) })
      .parse(me);
    const userId = members.items.find(({ role }) => role === "user")?.userId;
    const group = created.parse(await administer("POST", "/groups", { name: "Guests" }));
    await bind("role", "user", await toolset("texts", "test_simple_text"));
    await bind("group", group.id, await toolset("greeters", "greet"));
    await expect.poll(() => names(""), TAKES_EFFECT).toEqual(["test_simple_text"]);
    const expiresAt = new Date(Date.now() + 4000).toISOString();
    await administer("POST", "/group-members", { groupId: group.id, userId, expiresAt });
    await expect.poll(() => names(""), TAKES_EFFECT).toEqual(["greet"]);
    await expect.poll(() => names(""), TAKES_EFFECT).toEqual(["test_simple_text"]);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    expect(tenant.id).toBeDefined();
  });
});

describe("an access rule that allows a toolset", () => {
  it("opens its items at its endpoint alone where the default is deny, except what is denied", async () => {
    const { administer, at, keyId, names, toolset } = await open({ accessDefault: "deny" });
    await toolset("greeters", "{greet,test_simple_text,test_error_handling}");
    const rule = { subject: { type: "key", id: keyId }, effect: "allow" };
    expect(await names("/toolsets/greeters")).toEqual([]);
    await administer("POST", "/access-controls", { ...rule, objectType: "toolset", objectPattern: "greet*" });
    await administer("POST", "/access-controls", {
      ...rule,
      ...{ effect: "deny", objectType: "tool", objectPattern: "test_error_*" },
    });
    await expect.poll(() => names("/toolsets/greeters"), TAKES_EFFECT).toEqual(["greet", "test_simple_text"]);
    const call = { name: "greet", arguments: { name: "Ada" } };
    expect(textIn(await modern(at("/toolsets/greeters"), "tools/call", call))).toMatch(/Ada/);
    const denied = await modern(at("/toolsets/greeters"), "tools/call", { name: "test_error_handling" });
    expect(denied.error?.message).toBe("Unknown tool: test_error_handling");
    const session = await LegacySession.begin(at("/toolsets/greeters"));
    expect(textIn(await session.call("greet", { name: "Ada" }))).toMatch(/Ada/);
    expect(await names("")).toEqual([]);
    expect(await statusOf(askModern(at("/all"), "tools/call", call))).toBe(404);
  });
});
