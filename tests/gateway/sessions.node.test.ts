/** Sessions of legacy clients, held by the gateway: whose they are, what they survive, and how they end. */
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { CreateMessageRequestSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { startTinyServers, type TinyServers } from "../fixtures/tiny-servers.ts";
import {
  answerIn,
  askModern,
  eventsOf,
  LegacySession,
  messagesOf,
  type RpcMessage,
  send,
  textIn,
} from "../fixtures/wire.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let tinies: TinyServers;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [gateway, tinies] = await Promise.all([startGateway(databaseOfThisRun()), startTinyServers()]);
  const [legacy, modern] = await Promise.all([
    startEverything({ only: "legacy" }),
    startEverything({ only: "modern" }),
  ]);
  closing.push(tinies.close, legacy.close, modern.close);
  tenant = await gateway.addTenant({
    anonymous: true,
    servers: [
      { name: "legacy", url: legacy.url },
      { name: "modern", url: modern.url },
    ],
  });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all(closing.map((close) => close()));
});

const at = (path: string, key = tenant.apiKey) => ({ url: `${gateway.url}/mcp${path}`, key });
const ASKING = { capabilities: { elicitation: {}, sampling: {}, roots: {} } };

/** Each way to a session that the gateway holds, and what tools are called there. */
const PLACES: [string, string, (tool: string) => string][] = [
  ["a modern server alone", "/modern", (tool) => tool],
  ["a modern server among others", "", (tool) => `modern__${tool}`],
  ["a legacy server among others", "", (tool) => `legacy__${tool}`],
];

const statusOf = async (response: Promise<Response>) => {
  const { status, body } = await response;
  await body?.cancel();
  return status;
};

describe.each(PLACES)("a session with %s", (_place, path, named) => {
  it("is its principal's alone", async () => {
    const [session, other] = await Promise.all([LegacySession.begin(at(path)), tenant.addKey()]);
    const stranger = session.heldBy(other);
    expect(await statusOf(stranger.request("ping"))).toBe(404);
    expect(await statusOf(stranger.stream())).toBe(404);
    expect(await statusOf(stranger.end())).toBe(404);
    expect((await session.heldBy(tenant.apiKey).ask("ping")).result).toEqual({});
  });

  it("ends with DELETE, once and for all", async () => {
    const session = await LegacySession.begin(at(path));
    expect(await statusOf(session.end())).toBe(204);
    expect(await (await session.request("ping")).json()).toMatchObject({ id: 1, error: { code: -32001 } });
    expect(await statusOf(session.request("ping"))).toBe(404);
    expect(await statusOf(session.stream())).toBe(404);
    expect(await statusOf(session.end())).toBe(404);
  });

  it("answers clients that accept no streams with JSON, and sends requests on the stream of their GET", async () => {
    const session = await LegacySession.begin(at(path), ASKING);
    const questions = answering(session, await session.stream(), {
      action: "accept",
      content: { name: "Ada" },
    });
    const params = { name: named("test_input_required_result_elicitation"), arguments: {} };
    const answer = await session.request("tools/call", params, { headers: { accept: "application/json" } });
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(textIn(await answerIn(answer))).toBe("Hello, Ada!");
    await session.end();
    expect((await questions).map(({ method }) => method)).toContain("elicitation/create");
  });

  it("gives an answer to the client whose connection was cut while the tool ran", async () => {
    const session = await LegacySession.begin(at(path));
    const cut = new AbortController();
    const params = { name: named("test_slow"), arguments: { ms: 700 } };
    const first = await session.request("tools/call", params, { id: "cut", signal: cut.signal });
    const { value } = await eventsOf(first).next();
    expect(value?.id).toMatch(/./);
    cut.abort();
    await wait(200);
    const resumed = await session.stream({ headers: { "last-event-id": value?.id ?? "" } });
    const answer = await answerIn(resumed);
    expect(answer.id).toBe("cut");
    expect(textIn(answer)).toBe("Waited 700 ms.");
    const again = await session.stream({ headers: { "last-event-id": value?.id ?? "" } });
    expect(await answerIn(again)).toEqual(answer);
  });

  it("sends servers' unsolicited notifications on the stream of a GET", async () => {
    const session = await LegacySession.begin(at(path));
    const received: RpcMessage[] = [];
    const leaving = new AbortController();
    const reading = collect(await session.stream({ signal: leaving.signal }), received);
    await session.ask("resources/subscribe", { uri: await watchedUri(session, named) });
    await vi.waitFor(
      async () => {
        await session.call(named("test_trigger_tool_change"));
        await session.call(named("test_trigger_resource_update"));
        const methods = received.map(({ method }) => method);
        expect(methods).toContain("notifications/tools/list_changed");
        expect(methods).toContain("notifications/resources/updated");
      },
      { timeout: 8000, interval: 200 },
    );
    const updated = received.find(({ method }) => method === "notifications/resources/updated");
    expect(updated?.params).toEqual({ uri: await watchedUri(session, named) });
    leaving.abort();
    await reading;
  });

  it("carries a cancellation to the server, and ends the stream of the request", async () => {
    const session = await LegacySession.begin(at(path));
    const counts = async (): Promise<{ running: number; cancelled: number }> =>
      JSON.parse(textIn(await session.call(named("test_slow_calls"))));
    const before = await counts();
    const params = { name: named("test_slow"), arguments: { ms: 30_000 } };
    const running = await session.request("tools/call", params, { id: "slow" });
    await expect.poll(async () => (await counts()).running).toBe(before.running + 1);
    await session.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "slow" } });
    await expect.poll(counts).toEqual({ running: before.running, cancelled: before.cancelled + 1 });
    const [answer, ...more] = await collect(running);
    expect(answer).toMatchObject({ id: "slow", error: { message: expect.stringMatching(/canceled/i) } });
    expect(more).toEqual([]);
  });

  it("refuses a second request under an id that is being worked on", async () => {
    const session = await LegacySession.begin(at(path));
    const params = { name: named("test_slow"), arguments: { ms: 500 } };
    const first = await session.request("tools/call", params, { id: 7 });
    const second = await answerIn(await session.request("ping", {}, { id: 7 }));
    expect(second).toMatchObject({ id: 7, error: { code: -32600 } });
    expect(textIn(await answerIn(first))).toBe("Waited 500 ms.");
  });

  it("takes several messages at once in 2025-03-26, and in no other revision", async () => {
    const batch = [
      { jsonrpc: "2.0", id: "a", method: "ping" },
      { jsonrpc: "2.0", method: "notifications/roots/list_changed" },
      { jsonrpc: "2.0", id: "b", method: "tools/call", params: { name: named("test_simple_text") } },
      { jsonrpc: "2.0", id: "c", method: "tools/call", params: { name: "nowhere" } },
    ];
    const session = await LegacySession.begin(at(path), { revision: "2025-03-26" });
    for (const accept of ["application/json", "application/json, text/event-stream"]) {
      const answers = await collect(await session.post(batch, { headers: { accept } }));
      const byId = new Map(answers.map((answer) => [answer.id, answer]));
      expect([...byId.keys()].toSorted()).toEqual(["a", "b", "c"]);
      expect(byId.get("a")?.result).toEqual({});
      expect(textIn(byId.get("b") ?? {})).toMatch(/simple text/);
      // Where there is one server, it decides which methods it supports.
      expect(byId.get("c")).toMatchObject(path === "" ? { error: { code: -32602 } } : {});
    }
    const reported = [{ jsonrpc: "2.0", method: "notifications/roots/list_changed" }];
    expect(await statusOf(session.post(reported))).toBe(202);
    const later = await LegacySession.begin(at(path), { revision: "2025-06-18" });
    expect(await statusOf(later.post(batch))).toBe(400);
  });

  it.each([
    ["a request without a session", { jsonrpc: "2.0", id: 1, method: "tools/list" }, {}, 400],
    ["a notification without a session", { jsonrpc: "2.0", method: "notifications/x" }, {}, 400],
    [
      "a made-up session",
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      { "mcp-session-id": "t1.AAAA" },
      404,
    ],
    ["a batch that begins one", [{ jsonrpc: "2.0", id: 1, method: "initialize", params: {} }], {}, 400],
  ])("is not taken up by %s", async (_what, message, headers, status) => {
    expect(await statusOf(send(at(path), message, { headers }))).toBe(status);
  });

  it("is initialized once", async () => {
    const session = await LegacySession.begin(at(path));
    const again = await session.ask("initialize", { protocolVersion: "2025-11-25", capabilities: {} });
    expect(again.error?.code).toBe(-32600);
  });
});

describe("a client of 2024-11-05, over HTTP+SSE", () => {
  it.each(PLACES)("with %s", async (_place, path, named) => {
    const client = new Client({ name: "old", version: "1.0.0" }, ASKING);
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ada" } }));
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      role: "assistant",
      content: { type: "text", text: "Paris" },
      model: "none",
    }));
    await client.connect(new SSEClientTransport(new URL(`${gateway.url}/t/${tenant.slug}/mcp${path}`)));
    const call = async (tool: string, args = {}) => {
      const { content } = await client.callTool({ name: named(tool), arguments: args });
      return textIn({ result: { content } });
    };
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain(named("test_simple_text"));
    expect(await call("test_simple_text")).toMatch(/simple text/);
    expect(await call("test_sampling", { prompt: "Capital?" })).toMatch(/Paris/);
    expect(await call("test_input_required_result_elicitation")).toBe("Hello, Ada!");
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
    await client.callTool({ name: named("test_tool_with_progress"), arguments: {} }, undefined, {
      onprogress,
    });
    // This client drops events that arrive together with the response: always the last, under load others too.
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual([0, 50, 100].slice(0, seen.length));
    await client.close();
  });
});

describe("a key that is revoked", () => {
  it("ends the streams that were opened with it, in either era, and leaves others alone", async () => {
    const key = await tenant.addKey();
    const [session, lasting] = await Promise.all([
      LegacySession.begin(at("", key)),
      LegacySession.begin(at("")),
    ]);
    const leaving = new AbortController();
    const notifications = { toolsListChanged: true };
    const ended = [
      session.stream(),
      askModern(at("", key), "subscriptions/listen", { notifications }),
      askModern(at("/modern", key), "subscriptions/listen", { notifications }),
    ].map(async (opening) => collect(await opening));
    let isOver = false;
    const staying = collect(await lasting.stream({ signal: leaving.signal })).then(() => {
      isOver = true;
    });
    await wait(300);
    await tenant.revokeKey(key);
    const outcome = await Promise.all(
      ended.map((stream) => Promise.race([stream.then(() => "ended"), wait(3500).then(() => "goes on")])),
    );
    expect(isOver).toBe(false);
    leaving.abort();
    await staying;
    expect(outcome).toEqual(["ended", "ended", "ended"]);
    expect(await statusOf(session.request("ping"))).toBe(401);
  });
});

describe("when the gateway starts anew, a session", () => {
  it("goes on under its id, and goes on with the servers' own sessions", async () => {
    const old = tinies.add("old", { era: "legacy", tools: ["hello"] });
    const other = await gateway.addTenant({ servers: [{ name: "old", url: old.url }] });
    const session = await LegacySession.begin({ url: `${gateway.url}/mcp`, key: other.apiKey });
    const held = await LegacySession.begin(at("/modern"), ASKING);
    expect(textIn(await session.call("hello"))).toBe("old:hello");
    const stream = await session.stream();
    const sessionsOf = (method: string) =>
      old.received.filter((one) => one.method === method).map((one) => one.session);
    const [own] = sessionsOf("tools/call");
    expect(own).toBeDefined();

    await gateway.restart();

    await collect(stream).catch(() => undefined);

    expect(textIn(await session.call("hello"))).toBe("old:hello");
    expect(sessionsOf("tools/call")).toEqual([own, own]);
    expect(textIn(await held.call("test_simple_text"))).toMatch(/simple text/);
    expect(await statusOf(session.end())).toBe(204);
    await expect.poll(() => sessionsOf("DELETE")).toContain(own);
  });
});

async function collect(response: Response, received: RpcMessage[] = []): Promise<RpcMessage[]> {
  try {
    for await (const one of messagesOf(response)) received.push(one);
  } catch (error) {
    if (!(error instanceof Error && error.name === "AbortError")) throw error;
  }
  return received;
}

/** Answers the requests on a stream until it ends. */
async function answering(session: LegacySession, stream: Response, result: object): Promise<RpcMessage[]> {
  const asked: RpcMessage[] = [];
  for await (const received of messagesOf(stream)) {
    if (received.method === undefined || received.id === undefined) continue;
    asked.push(received);
    await session.post({ jsonrpc: "2.0", id: received.id, result });
  }
  return asked;
}

/** What the watched resource is called there: among others it may be wrapped. */
async function watchedUri(session: LegacySession, named: (tool: string) => string): Promise<string> {
  const { result } = await session.ask("resources/list");
  const uris = JSON.stringify(result).match(/[^"]*test:\/\/watched-resource/g) ?? [];
  const wrapped = uris.find((uri) => uri.startsWith(`mcp-server:${named("").replace("__", "")}/`));
  return wrapped ?? "test://watched-resource";
}
