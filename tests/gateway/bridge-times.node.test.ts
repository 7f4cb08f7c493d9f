/** How long the bridge keeps what it holds for modern clients: sessions with a legacy server, and calls that wait for an answer. */
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Keyring } from "../../src/core/keyring.ts";
import { BREAKER_TERMS } from "../../src/core/resilience/breaker.ts";
import { LegacyServer } from "../../src/gateway/server-bridge/legacy-server.ts";
import type { SnapshotServer } from "../../src/policy/snapshot.ts";
import { tools } from "../fixtures/channels.ts";
import { type Started, startEverything } from "../fixtures/everything/start.ts";
import { inputFor } from "../fixtures/questions.ts";
import { startTinyServers, type TinyServer, type TinyServers } from "../fixtures/tiny-servers.ts";
import { modernMessage, parseRpcMessage, type RpcMessage, textIn } from "../fixtures/wire.ts";

let tinies: TinyServers;
let tiny: TinyServer;
let everything: Started;

beforeAll(async () => {
  [tinies, everything] = await Promise.all([startTinyServers(), startEverything({ only: "legacy" })]);
  tiny = tinies.add("tiny", { era: "legacy", tools: ["hello"] });
});
afterAll(async () => {
  await Promise.all([tinies?.close(), everything?.close()]);
});

const MINUTE = 60_000;
let now = Date.now();
const keyring = new Keyring([{ id: "t1", key: Buffer.alloc(32).toString("base64") }]);
const bridge = new LegacyServer({ tools, keyring, now: () => now });

const later = async (ms: number) => {
  now += ms;
  await bridge.sweep();
};

const received: RpcMessage[] = [];
const last = () => received.at(-1) ?? {};
const writer = {
  write: async (message: object) => void received.push(parseRpcMessage(message)),
  idle: (ms: number) => wait(ms),
};

const serverAt = (url: string): SnapshotServer => ({
  id: url,
  name: "server",
  title: null,
  endpointUrl: url,
  transport: "http",
  healthStatus: "healthy",
  protocolVersion: null,
  auth: { type: "none" },
  tags: [],
  weight: 1,
  maxConcurrency: 100,
  cost: 1,
  declaredCosts: new Map(),
  queue: { maxSize: undefined, maxWaitMs: 10_000 },
  breaker: BREAKER_TERMS,
  region: null,
  tools: new Map(),
  readOnlyTools: new Set(),
  withheldTools: new Set(),
  approved: undefined,
  holdsChanges: false,
  payloads: undefined,
  firstByteTimeoutMs: 5000,
  earlyAnswerMs: 5000,
  keepAliveMs: 5000,
  idleTimeoutMs: 5000,
  maxResponseBytes: 4_194_304,
});

function serve({ url }: { url: string }, method: string, params: Record<string, unknown>, callId: string) {
  const message = JSON.stringify(modernMessage(method, params, { capabilities: { elicitation: {} } }));
  return bridge.serve({ callId, server: serverAt(url), message, headers: [] }, writer);
}

const sessionsOf = (method: string) =>
  tiny.received.filter((one) => one.method === method).map(({ session }) => session);

it("a session is used again, and closed when it has not been used for five minutes", async () => {
  await serve(tiny, "tools/call", { name: "hello" }, "1");
  await later(4 * MINUTE);
  await serve(tiny, "tools/call", { name: "hello" }, "2");
  expect(textIn(last())).toBe("tiny:hello");
  const [session] = sessionsOf("tools/call");
  expect(sessionsOf("tools/call")).toEqual([session, session]);
  await later(5 * MINUTE - 1);
  expect(sessionsOf("DELETE")).toEqual([]);
  await later(1);
  expect(sessionsOf("DELETE")).toEqual([session]);
  expect(bridge.isIdle).toBe(true);
});

it("a session that had a listener is closed when it has none", async () => {
  const closed = sessionsOf("DELETE").length;
  const listening = serve(tiny, "subscriptions/listen", { notifications: {} }, "listening");
  await expect.poll(() => last().method).toBe("notifications/subscriptions/acknowledged");
  bridge.cancel("listening");
  await listening.catch(() => undefined);
  expect(sessionsOf("DELETE").length).toBe(closed + 1);
  expect(bridge.isIdle).toBe(true);
});

it("a call waits a quarter of an hour for a user's answer, and later answers get an error", async () => {
  const params = { name: "test_input_required_result_elicitation", arguments: {} };
  await serve(everything, "tools/call", params, "asking");
  const input = inputFor(last(), { name: "Ada" });
  await later(15 * MINUTE - 1);
  expect(bridge.isIdle).toBe(false);
  await later(1);
  expect(bridge.isIdle).toBe(true);
  await serve(everything, "tools/call", { ...params, ...input }, "too late");
  expect(last().error).toMatchObject({ code: -32602, message: expect.stringMatching(/has ended/) });
});

it("a call whose caller has gone is taken back from the server", async () => {
  const call = (name: string, callId: string, args = {}) =>
    serve(everything, "tools/call", { name, arguments: args }, callId);
  const running = call("test_slow", "slow", { ms: 30_000 });
  running.catch(() => undefined);
  await wait(1000);
  bridge.cancel("slow");
  await running.catch(() => undefined);
  await expect
    .poll(async () => {
      await call("test_slow_calls", "count");
      return JSON.parse(textIn(last()));
    })
    .toEqual({ running: 0, cancelled: 1 });
});
