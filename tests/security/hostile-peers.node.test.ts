/** Servers that try to exhaust the gateway, on every path on which it reads from one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { HOSTILE_RESPONSES, type HostileResponse } from "../fixtures/hostile-responses.ts";
import { type MemoryWatch, watchMemory } from "../fixtures/memory-watch.ts";
import { startTinyServers, type TinyServer, type TinyServers } from "../fixtures/tiny-servers.ts";
import { answerIn, askModern, type Endpoint, LegacySession, type RpcMessage } from "../fixtures/wire.ts";

const MIB = 1024 * 1024;
/** The limit of a response is 4 MiB; the rest are buffers of sockets on the way. */
const MAX_SENT_BYTES = 24 * MIB;
const MAX_GROWTH_MIB = 128;
const SETTINGS = { idleTimeoutMs: 2000, firstByteTimeoutMs: 5000 };

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

let made = 0;

/** A server of the test's own: failures of another test would have opened its breaker. */
async function addServer(era: "legacy" | "modern"): Promise<TinyServer & { readonly id: string }> {
  made += 1;
  const tiny = tinies.add(`${era}-${made}`, { era, tools: ["hello"] });
  const id = await tenant.addServer({ name: tiny.name, url: tiny.url, settings: SETTINGS });
  return Object.assign(tiny, { id });
}

const at = (path: string): Endpoint => ({ url: `${gateway.url}/mcp${path}`, key: tenant.apiKey });

/**
 * Every path is used by good servers with large responses first, so that what is loaded late is loaded, and the heap has
 * the size of ordinary work, before memory is measured.
 */
async function warmUp(): Promise<void> {
  const text = "a".repeat(MIB);
  for (const { era, call } of CALLS) {
    for (let round = 0; round < 4; round += 1) {
      const server = await addServer(era);
      server.raving = {
        status: 200,
        type: "application/json",
        body: `{"jsonrpc":"2.0","id":"$id","result":{"resultType":"complete","content":[{"type":"text","text":"${text}"}]}}`,
      };
      expect((await call(server)).result).toBeDefined();
    }
  }
}

interface CallPath {
  readonly name: string;
  readonly era: "legacy" | "modern";
  call(server: TinyServer): Promise<RpcMessage>;
}

const callModern = async (path: string, name: string) =>
  answerIn(await askModern(at(path), "tools/call", { name, arguments: {} }));
const callLegacy = async (path: string, name: string) => (await LegacySession.begin(at(path))).call(name);

const CALLS: readonly CallPath[] = [
  {
    name: "modern client, modern server",
    era: "modern",
    call: ({ name }) => callModern(`/${name}`, "hello"),
  },
  {
    name: "modern client, legacy server",
    era: "legacy",
    call: ({ name }) => callModern(`/${name}`, "hello"),
  },
  {
    name: "legacy client, modern server",
    era: "modern",
    call: ({ name }) => callLegacy(`/${name}`, "hello"),
  },
  {
    name: "legacy client, legacy server",
    era: "legacy",
    call: ({ name }) => callLegacy(`/${name}`, "hello"),
  },
  { name: "modern client, all servers", era: "modern", call: ({ name }) => callModern("", `${name}__hello`) },
  { name: "legacy client, all servers", era: "legacy", call: ({ name }) => callLegacy("", `${name}__hello`) },
];

/** Sends the response once, and returns how many bytes it took. */
function attack(
  server: TinyServer,
  method: string,
  hostile: HostileResponse,
): { sentBytes(): number; ended: Promise<void> } {
  let sent = 0;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  server.takeover = {
    method,
    respond(response) {
      hostile
        .send(response, (bytes) => {
          sent += bytes;
        })
        .then(resolve, reject);
    },
  };
  return { sentBytes: () => sent, ended };
}

describe.each(HOSTILE_RESPONSES)("$name", (hostile) => {
  it.each(CALLS)("ends a call with an error: $name", { timeout: 30_000 }, async ({ era, call }) => {
    const server = await addServer(era);
    const { sentBytes, ended } = attack(server, "tools/call", hostile);
    const { error, result } = await call(server);
    expect(result).toBeUndefined();
    expect(error?.message).toContain(server.name);
    await ended;
    expect(sentBytes()).toBeLessThan(MAX_SENT_BYTES);
  });

  it.each(["modern", "legacy"] as const)(
    "ends the discovery of a %s server with an error",
    { timeout: 30_000 },
    async (era) => {
      const server = await addServer(era);
      const { sentBytes, ended } = attack(server, "tools/list", hostile);
      const response = await fetch(`${gateway.url}/api/v1/servers/${server.id}/discover`, {
        method: "POST",
        headers: { authorization: `Bearer ${adminKey}` },
      });
      const text = await response.text();
      expect([200, 502, 504], text).toContain(response.status);
      expect(text).toContain(server.name);
      await ended;
      expect(sentBytes()).toBeLessThan(MAX_SENT_BYTES);
    },
  );
});

describe.each(HOSTILE_RESPONSES)("$name", (hostile) => {
  it("ends the subscription of all servers", { timeout: 30_000 }, async () => {
    made += 1;
    const server = tinies.add(`subscribed-${made}`, { tools: ["hello"], announces: true });
    const { apiKey: key } = await gateway.addTenant({ servers: [{ ...server, settings: SETTINGS }] });
    const { sentBytes, ended } = attack(server, "subscriptions/listen", hostile);
    const leave = new AbortController();
    const endpoint = { url: `${gateway.url}/mcp`, key };
    const wanted = { notifications: { toolsListChanged: true } };
    const response = await askModern(endpoint, "subscriptions/listen", wanted, { signal: leave.signal });
    expect(response.status).toBe(200);
    await ended;
    leave.abort();
    expect(sentBytes()).toBeLessThan(MAX_SENT_BYTES);
  });
});

it("the memory of the runtime stays within 128 MiB above idle during all of it", async () => {
  expect(memory.growthMiB()).toBeLessThan(MAX_GROWTH_MIB);
  // It still serves, as soon as the lists of the new server are known beside those of many that do not answer.
  for (const { era, call } of CALLS) {
    const server = await addServer(era);
    await expect
      .poll(async () => JSON.stringify(await call(server)), { timeout: 20_000, interval: 250 })
      .toContain('"result"');
  }
});
