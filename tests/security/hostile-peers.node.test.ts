/** Servers that try to exhaust the gateway, on every path on which it reads from one. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import {
  addTarget,
  type Caller,
  callUntilAttacked,
  discover,
  errorText,
  LEGACY_CALLER,
  LEGACY_CALLER_OF_ALL,
  MODERN_CALLER,
  MODERN_CALLER_OF_ALL,
  type Target,
  within,
} from "../fixtures/hostile-calls.ts";
import { HOSTILE_RESPONSES, type HostileResponse } from "../fixtures/hostile-responses.ts";
import { type MemoryWatch, watchMemory } from "../fixtures/memory-watch.ts";
import { startTinyServers, type TinyServer, type TinyServers } from "../fixtures/tiny-servers.ts";
import { askModern } from "../fixtures/wire.ts";

const MIB = 1024 * 1024;
/** The limit of a response is 4 MiB; the rest are buffers of sockets on the way. */
const MAX_SENT_BYTES = 24 * MIB;
const MAX_GROWTH_MIB = 128;
const SETTINGS = { idleTimeoutMs: 3000, firstByteTimeoutMs: 15_000 };
const TIMEOUT = { timeout: 110_000 };

let gateway: TestGateway;
let tinies: TinyServers;
let memory: MemoryWatch;

beforeAll(async () => {
  [gateway, tinies] = await Promise.all([startGateway(databaseOfThisRun()), startTinyServers()]);
  await warmUp();
  memory = watchMemory(gateway.pid);
});
afterAll(async () => {
  memory?.stop();
  await Promise.all([gateway?.close(), tinies?.close()]);
});

let made = 0;

async function addServer(era: "legacy" | "modern"): Promise<{ tiny: TinyServer; target: Target }> {
  made += 1;
  const tiny = tinies.add(`${era}-${made}`, { era, tools: ["hello"] });
  return {
    tiny,
    target: await addTarget(gateway, { name: tiny.name, url: tiny.url, settings: SETTINGS }),
  };
}

/**
 * Every path is used by good servers with large responses first, so that what is loaded late is loaded, and the heap has
 * the size of ordinary work, before memory is measured.
 */
async function warmUp(): Promise<void> {
  const text = "a".repeat(MIB);
  for (const { era, call } of CALLS) {
    for (let round = 0; round < 4; round += 1) {
      const { tiny, target } = await addServer(era);
      tiny.raving = {
        status: 200,
        type: "application/json",
        body: `{"jsonrpc":"2.0","id":"$id","result":{"resultType":"complete","content":[{"type":"text","text":"${text}"}]}}`,
      };
      await vi.waitFor(async () => expect(errorText(await call(target))).toBe("a result"), 20_000);
    }
  }
}

const CALLS: readonly (Caller & { readonly era: "legacy" | "modern" })[] = [
  { ...MODERN_CALLER, name: "modern client, modern server", era: "modern" },
  { ...MODERN_CALLER, name: "modern client, legacy server", era: "legacy" },
  { ...LEGACY_CALLER, name: "legacy client, modern server", era: "modern" },
  { ...LEGACY_CALLER, name: "legacy client, legacy server", era: "legacy" },
  { ...MODERN_CALLER_OF_ALL, era: "modern" },
  { ...LEGACY_CALLER_OF_ALL, era: "modern" },
];

/** Sends the response once, and returns how many bytes it took. */
function attack(
  server: TinyServer,
  method: string,
  hostile: HostileResponse,
): { sentBytes(): number; hasBegun(): boolean; ended: Promise<void> } {
  let sent = 0;
  let hasBegun = false;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  server.takeover = {
    method,
    respond(response) {
      hasBegun = true;
      hostile
        .send(response, (bytes) => {
          sent += bytes;
        })
        .then(resolve, reject);
    },
  };
  return { sentBytes: () => sent, hasBegun: () => hasBegun, ended };
}

describe.each(HOSTILE_RESPONSES)("$name", (hostile) => {
  it.each(CALLS)("ends a call with an error: $name", TIMEOUT, async ({ era, call }) => {
    const { tiny, target } = await addServer(era);
    const { sentBytes, hasBegun, ended } = attack(tiny, "tools/call", hostile);
    const error = await callUntilAttacked(async () => errorText(await call(target)), hasBegun);
    expect(error).toContain(tiny.name);
    await within("the attack", ended);
    expect(sentBytes()).toBeLessThan(MAX_SENT_BYTES);
  });

  it.each(["modern", "legacy"] as const)(
    "ends the discovery of a %s server with an error",
    TIMEOUT,
    async (era) => {
      const { tiny, target } = await addServer(era);
      const { sentBytes, hasBegun, ended } = attack(tiny, "tools/list", hostile);
      expect(await callUntilAttacked(() => discover(target), hasBegun)).toContain(tiny.name);
      await within("the attack", ended);
      expect(sentBytes()).toBeLessThan(MAX_SENT_BYTES);
    },
  );
});

describe.each(HOSTILE_RESPONSES)("$name", (hostile) => {
  it("ends the subscription of all servers", TIMEOUT, async () => {
    made += 1;
    const server = tinies.add(`subscribed-${made}`, { tools: ["hello"], announces: true });
    const { apiKey: key } = await gateway.addTenant({ servers: [{ ...server, settings: SETTINGS }] });
    const { sentBytes, ended } = attack(server, "subscriptions/listen", hostile);
    const leave = new AbortController();
    const endpoint = { url: `${gateway.url}/mcp`, key };
    const wanted = { notifications: { toolsListChanged: true } };
    const response = await askModern(endpoint, "subscriptions/listen", wanted, { signal: leave.signal });
    expect(response.status).toBe(200);
    await within("the attack", ended);
    leave.abort();
    expect(sentBytes()).toBeLessThan(MAX_SENT_BYTES);
  });
});

it("the memory of the runtime stays within 128 MiB above idle during all of it", async () => {
  expect(memory.growthMiB()).toBeLessThan(MAX_GROWTH_MIB);
  for (const { era, call } of CALLS) {
    const { target } = await addServer(era);
    await expect.poll(async () => errorText(await call(target)), { timeout: 20_000 }).toBe("a result");
  }
});
