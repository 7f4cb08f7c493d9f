/**
 * Servers that are slow and never silent, on every path on which the gateway reads from one: no idle limit ends them, so
 * a total time has to.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseHealthSettings } from "../../src/core/discovery/check-schedule.ts";
import { probe } from "../../src/discovery/probe.ts";
import { targetAt, tools } from "../fixtures/channels.ts";
import { DRIPPING_CHANNELS } from "../fixtures/dripping-channels.ts";
import { DRIPPING_RESPONSES } from "../fixtures/dripping-responses.ts";
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
  testUrl,
  within,
} from "../fixtures/hostile-calls.ts";
import type { ChannelAttack } from "../fixtures/hostile-channels.ts";
import type { HostileResponse } from "../fixtures/hostile-responses.ts";
import { startTinyServers, type TinyServer, type TinyServers } from "../fixtures/tiny-servers.ts";

/** The silence that the gateway allows is far longer than that between two drops. */
const SETTINGS = {
  idleTimeoutMs: 3000,
  firstByteTimeoutMs: 5000,
  tools: { hello: { timeoutMs: 6000 } },
};
/** The longest total time is that of discovery: a minute. */
const MAX_WAIT_MS = 100_000;
const TIMEOUT = { timeout: 240_000 };

let gateway: TestGateway;
let tinies: TinyServers;

beforeAll(async () => {
  [gateway, tinies] = await Promise.all([startGateway(databaseOfThisRun()), startTinyServers()]);
});
afterAll(() => Promise.all([gateway?.close(), tinies?.close()]));

type Era = "legacy" | "modern";

/** The requests by which the gateway reads from a server, and how a client makes it send them. */
interface Path {
  readonly name: string;
  /** The attack is the response to it. */
  readonly method: string;
  readonly eras: readonly Era[];
  /** Returns the text of the error. */
  attempt(target: Target): Promise<string>;
}

const BOTH = ["modern", "legacy"] as const;

const calling = ({ name, call }: Caller, method = "tools/call", eras: readonly Era[] = BOTH): Path => ({
  name: `${name}: ${method}`,
  method,
  eras,
  attempt: async (target) => errorText(await call(target)),
});

/** The slowest first: all of them mostly wait. */
const PATHS: readonly Path[] = [
  { name: "discovery", method: "tools/list", eras: BOTH, attempt: discover },
  { name: "the test of a URL", method: "tools/list", eras: BOTH, attempt: testUrl },
  calling(MODERN_CALLER),
  calling(LEGACY_CALLER),
  calling(MODERN_CALLER_OF_ALL),
  calling(LEGACY_CALLER_OF_ALL),
  calling(MODERN_CALLER, "initialize", ["legacy"]),
  // At a legacy server's own endpoint the response is relayed while the client reads it.
  calling(LEGACY_CALLER_OF_ALL, "initialize", ["legacy"]),
];

let made = 0;
function uniqueName(): string {
  made += 1;
  return `drip-${made}`;
}

interface Attacked {
  readonly tiny: TinyServer;
  readonly hasBegun: () => boolean;
  /** Settles when the gateway has closed the connection. */
  readonly ended: Promise<void>;
}

function addAttacker(era: Era, method: string, { send }: HostileResponse): Attacked {
  const tiny = tinies.add(uniqueName(), { era, tools: ["hello"] });
  let hasBegun = false;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  tiny.takeover = {
    method,
    respond(response) {
      hasBegun = true;
      send(response, () => undefined).then(resolve, reject);
    },
  };
  return { tiny, hasBegun: () => hasBegun, ended };
}

/** Returns "ended", or what happened instead. A session's own connection outlives a call that has ended. */
async function judge(text: string, ended?: Promise<void>): Promise<string> {
  if (text === "a result" || text.includes("did not end")) return text;
  await (ended && within("the attack", ended, MAX_WAIT_MS));
  return "ended";
}

async function attackHttp({ method, attempt }: Path, era: Era, hostile: HostileResponse): Promise<string> {
  const { tiny, hasBegun, ended } = addAttacker(era, method, hostile);
  const target = await addTarget(gateway, { name: tiny.name, url: tiny.url, settings: SETTINGS });
  return judge(await callUntilAttacked(() => attempt(target), hasBegun, MAX_WAIT_MS), ended);
}

async function attackChannel(
  { method, attempt }: Path,
  { transport, start }: ChannelAttack,
): Promise<string> {
  const hostile = await start(method);
  try {
    const server = { name: uniqueName(), url: hostile.url, transport, settings: SETTINGS };
    const target = await addTarget(gateway, server);
    const text = await callUntilAttacked(() => attempt(target), hostile.hasAttacked, MAX_WAIT_MS);
    return await judge(text);
  } finally {
    await hostile.close();
  }
}

/** All at once: they mostly wait. */
async function runAll(attacks: readonly (readonly [name: string, result: Promise<string>])[]): Promise<void> {
  const results = await Promise.all(attacks.map(async ([name, result]) => `${name}: ${await result}`));
  const faults = results.filter((result) => !result.endsWith(": ended"));
  expect(faults, faults.join("; ")).toEqual([]);
}

describe("a server that drips", () => {
  it.concurrent.each(PATHS)("is ended by a total time over HTTP: $name", TIMEOUT, (path) =>
    runAll(
      path.eras.flatMap((era) =>
        DRIPPING_RESPONSES.map(
          (hostile) => [`${hostile.name} (${era})`, attackHttp(path, era, hostile)] as const,
        ),
      ),
    ),
  );

  it.concurrent.each(PATHS)("is ended by a total time over other transports: $name", TIMEOUT, (path) =>
    runAll(
      DRIPPING_CHANNELS.map(
        (each) => [`${each.transport}: ${each.name}`, attackChannel(path, each)] as const,
      ),
    ),
  );
});

describe("a health check of a server that drips", () => {
  it.each([
    ["server/discover", "modern"],
    ["initialize", "legacy"],
    ["ping", "legacy"],
  ] as const)("fails within its time: %s", TIMEOUT, (method, era) =>
    runAll(DRIPPING_RESPONSES.map((hostile) => [hostile.name, checkHealth(method, era, hostile)] as const)),
  );
});

async function checkHealth(method: string, era: Era, hostile: HostileResponse): Promise<string> {
  const { tiny, hasBegun, ended } = addAttacker(era, method, hostile);
  const { outcome } = await probe({
    server: { name: tiny.name, transport: "http", protocolVersion: null },
    target: targetAt(tiny.url),
    tools,
    settings: parseHealthSettings({ health: { timeoutMs: 3000 } }),
    now: Date.now,
  });
  return judge(outcome === "failed" && hasBegun() ? "an error" : "a result", ended);
}
