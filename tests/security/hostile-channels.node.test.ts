/** Servers behind HTTP+SSE and WebSocket that try to exhaust the gateway, while they connect and while they answer. */
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { CHANNEL_ATTACKS, type ChannelAttack } from "../fixtures/hostile-channels.ts";
import { type MemoryWatch, watchMemory } from "../fixtures/memory-watch.ts";
import { startTinyServers, type TinyServers } from "../fixtures/tiny-servers.ts";
import { answerIn, askModern, type Endpoint, LegacySession, type RpcMessage } from "../fixtures/wire.ts";

const MIB = 1024 * 1024;
/** The limit of an event is 4 MiB, and the runtime ends a WebSocket message at 32 MiB; the rest are buffers on the way. */
const MAX_SENT_BYTES = { sse: 24 * MIB, websocket: 48 * MIB };
const MAX_GROWTH_MIB = 128;
const SETTINGS = { idleTimeoutMs: 2000, firstByteTimeoutMs: 15_000 };

let gateway: TestGateway;
let tenant: TestTenant;
let adminKey: string;
let tinies: TinyServers;
let memory: MemoryWatch;

beforeAll(async () => {
  [gateway, tinies] = await Promise.all([startGateway(databaseOfThisRun()), startTinyServers()]);
  tenant = await gateway.addTenant();
  adminKey = await tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
  await warmUp();
  memory = watchMemory(gateway.pid);
});
afterAll(async () => {
  memory?.stop();
  await Promise.all([gateway?.close(), tinies?.close()]);
});

const at = (path: string): Endpoint => ({ url: `${gateway.url}/mcp${path}`, key: tenant.apiKey });

interface Caller {
  readonly name: string;
  readonly method: string;
  /** Returns the text of the error. */
  attempt(server: { readonly name: string; readonly id: string }): Promise<string>;
}

const errorText = ({ error, result }: RpcMessage) =>
  result === undefined ? (error?.message ?? "") : "a result";

const CALLERS: readonly Caller[] = [
  {
    name: "modern client",
    method: "tools/call",
    attempt: async ({ name }) =>
      errorText(
        await answerIn(await askModern(at(`/${name}`), "tools/call", { name: "hello", arguments: {} })),
      ),
  },
  {
    name: "modern client, all servers",
    method: "tools/call",
    attempt: async ({ name }) =>
      errorText(
        await answerIn(await askModern(at(""), "tools/call", { name: `${name}__hello`, arguments: {} })),
      ),
  },
  {
    name: "legacy client",
    method: "tools/call",
    attempt: async ({ name }) =>
      LegacySession.begin(at(`/${name}`)).then(
        async (session) => errorText(await session.call("hello")),
        (error: unknown) => String(error),
      ),
  },
  {
    name: "discovery",
    method: "tools/list",
    async attempt({ id }) {
      const response = await fetch(`${gateway.url}/api/v1/servers/${id}/discover`, {
        method: "POST",
        headers: { authorization: `Bearer ${adminKey}` },
      });
      return response.text();
    },
  },
];

/** Loads what is loaded late, and gives the heap the size of ordinary work. */
async function warmUp(): Promise<void> {
  const tiny = tinies.add("warm", { era: "legacy", tools: ["hello"] });
  const id = await tenant.addServer({ name: tiny.name, url: tiny.url, settings: SETTINGS });
  const text = "a".repeat(MIB);
  tiny.raving = {
    status: 200,
    type: "application/json",
    body: `{"jsonrpc":"2.0","id":"$id","result":{"content":[{"type":"text","text":"${text}"}]}}`,
  };
  for (let round = 0; round < 4; round += 1)
    for (const caller of CALLERS) await caller.attempt({ name: tiny.name, id });
}

const MAX_WAIT_MS = 50_000;

/** Names what did not end, which the timeout of a test does not. */
function within<T>(name: string, done: Promise<T>): Promise<T> {
  const late = setTimeout(MAX_WAIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${name} did not end within ${MAX_WAIT_MS} ms`);
  });
  return Promise.race([done, late]);
}

let made = 0;

async function attackCaller({ attempt, method }: Caller, { transport, start }: ChannelAttack): Promise<void> {
  const hostile = await start(method);
  try {
    made += 1;
    const name = `hostile-${made}`;
    const id = await tenant.addServer({ name, url: hostile.url, transport, settings: SETTINGS });
    const error = await within("the caller's wait", attempt({ name, id }));
    expect(error).toContain(name);
    expect(hostile.hasAttacked(), `no attack before: ${error}`).toBe(true);
    await within("the attack", hostile.attacked);
    expect(hostile.sentBytes()).toBeLessThan(MAX_SENT_BYTES[transport]);
  } finally {
    await hostile.close();
  }
}

const TIMEOUT = { timeout: 60_000 };
const attacksOver = (transport: ChannelAttack["transport"]) =>
  CHANNEL_ATTACKS.filter((attack) => attack.transport === transport).flatMap((attack) =>
    CALLERS.map((caller) => [`${caller.name}: ${attack.name}`, caller, attack] as const),
  );

describe("an HTTP+SSE server", () => {
  it.concurrent.each(attacksOver("sse"))("ends with an error for %s", TIMEOUT, (_name, caller, attack) =>
    attackCaller(caller, attack),
  );
});

/** One after another: the runtime holds up to 32 MiB of each message, and has no smaller limit. */
describe("a WebSocket server", () => {
  it.each(attacksOver("websocket"))("ends with an error for %s", TIMEOUT, (_name, caller, attack) =>
    attackCaller(caller, attack),
  );
});

it("the memory of the runtime stays within 128 MiB above idle during all of it", () => {
  expect(memory.growthMiB()).toBeLessThan(MAX_GROWTH_MIB);
});
