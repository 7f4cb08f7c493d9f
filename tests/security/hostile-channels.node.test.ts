/** Servers behind HTTP+SSE and WebSocket that try to exhaust the gateway, while they connect and while they answer. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import {
  addTarget,
  type Caller,
  callUntilAttacked,
  discover,
  errorText,
  LEGACY_CALLER,
  MODERN_CALLER,
  MODERN_CALLER_OF_ALL,
  type Target,
  within,
} from "../fixtures/hostile-calls.ts";
import { CHANNEL_ATTACKS, type ChannelAttack, LARGE_ANSWER } from "../fixtures/hostile-channels.ts";
import { type MemoryWatch, watchMemory } from "../fixtures/memory-watch.ts";
import { startTinyServers, type TinyServers } from "../fixtures/tiny-servers.ts";

const MIB = 1024 * 1024;
/** The limit of an event is 4 MiB, and the runtime ends a WebSocket message at 32 MiB; the rest are buffers on the way. */
const MAX_SENT_BYTES = { sse: 24 * MIB, websocket: 48 * MIB };
const MAX_GROWTH_MIB = 128;
const SETTINGS = { idleTimeoutMs: 3000, firstByteTimeoutMs: 15_000 };

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

interface Path {
  readonly name: string;
  /** What the server attacks. */
  readonly method: string;
  /** Returns the text of the error. */
  attempt(target: Target): Promise<string>;
}

const calling = ({ name, call }: Caller): Path => ({
  name,
  method: "tools/call",
  attempt: async (target) => errorText(await call(target)),
});

const PATHS: readonly Path[] = [
  calling(MODERN_CALLER),
  calling(MODERN_CALLER_OF_ALL),
  calling(LEGACY_CALLER),
  { name: "discovery", method: "tools/list", attempt: discover },
];

/** Loads what is loaded late, and gives the heap the size of ordinary work. */
async function warmUp(): Promise<void> {
  const tiny = tinies.add("warm", { era: "legacy", tools: ["hello"] });
  const target = await addTarget(gateway, { name: tiny.name, url: tiny.url, settings: SETTINGS });
  const text = "a".repeat(MIB);
  tiny.raving = {
    status: 200,
    type: "application/json",
    body: `{"jsonrpc":"2.0","id":"$id","result":{"content":[{"type":"text","text":"${text}"}]}}`,
  };
  for (let round = 0; round < 4; round += 1) for (const { attempt } of PATHS) await attempt(target);
}

let made = 0;

async function attack({ attempt, method }: Path, { transport, start }: ChannelAttack): Promise<void> {
  const hostile = await start(method);
  try {
    made += 1;
    const name = `hostile-${made}`;
    const target = await addTarget(gateway, { name, url: hostile.url, transport, settings: SETTINGS });
    expect(await callUntilAttacked(() => attempt(target), hostile.hasAttacked)).toContain(name);
    await within("the attack", hostile.attacked);
    expect(hostile.sentBytes()).toBeLessThan(MAX_SENT_BYTES[transport]);
  } finally {
    await hostile.close();
  }
}

const TIMEOUT = { timeout: 110_000 };
const attacksOver = (transport: ChannelAttack["transport"]) =>
  CHANNEL_ATTACKS.filter((each) => each.transport === transport).flatMap((each) =>
    pathsOf(each).map((path) => [`${path.name}: ${each.name}`, path, each] as const),
  );

/** The runtime frees large messages late, so this one is received by both kinds of reader once, and not by every path. */
function pathsOf({ name: attacked }: ChannelAttack): readonly Path[] {
  const readers = [MODERN_CALLER.name, LEGACY_CALLER.name];
  return attacked === LARGE_ANSWER ? PATHS.filter(({ name }) => readers.includes(name)) : PATHS;
}

describe("an HTTP+SSE server", () => {
  it.concurrent.each(attacksOver("sse"))("ends with an error for %s", TIMEOUT, (_name, path, each) =>
    attack(path, each),
  );
});

/** One after another: the runtime holds up to 32 MiB of each message, and has no smaller limit. */
describe("a WebSocket server", () => {
  it.each(attacksOver("websocket"))("ends with an error for %s", TIMEOUT, (_name, path, each) =>
    attack(path, each),
  );
});

it("the memory of the runtime stays within 128 MiB above idle during all of it", () => {
  expect(memory.growthMiB()).toBeLessThan(MAX_GROWTH_MIB);
});
