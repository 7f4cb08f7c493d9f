/**
 * Mutated messages to both endpoints in both eras: whatever is changed in a valid message, its headers or its bytes,
 * the gateway answers in time with valid JSON-RPC, never with a fault of its own, and its memory stays within a bound.
 * `npm run test:security -- --long` sends 100,000 messages per endpoint and era and prints the memory; TEST_FACTOR
 * multiplies the messages of a usual run.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { residentMiB } from "../../scripts/lib/process.ts";
import { createRandom, integerBelow, pick, type Random } from "../../scripts/sim/random.ts";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { answerMessage, DOCUMENT, eraMismatch, PROMPT, policyMessage } from "../fixtures/policy-offers.ts";
import { type Recorder, startRecorder } from "../fixtures/recorder.ts";
import { type Endpoint, LEGACY, LegacySession, MODERN, modernMessage, send } from "../fixtures/wire.ts";
import { runs, runsOrLong } from "../support/runs.ts";

const MESSAGES = runsOrLong(400, 100_000);
const AT_ONCE = 16;
const ANSWER_TIMEOUT_MS = 30_000;
/** Of the second half of the messages: by then the heap has the size of ordinary work. */
const MAX_GROWTH_MIB = 64;
const MEMORY_SAMPLES = 10;

let gateway: TestGateway;
let upstreams: Recorder[];
let key: string;

/** Answers every message of its era, however odd. */
function behave(server: Recorder, isModern: boolean): void {
  server.behave(({ body, headers, method }, response) => {
    if (method !== "POST") return void response.writeHead(405).end();
    const isOfEra = (headers["mcp-protocol-version"] === MODERN) === isModern;
    const content = parseJson(body.toString());
    const message = policyMessage.safeParse(content).data;
    const { id } =
      z.looseObject({ id: z.union([z.string(), z.number()]).optional() }).safeParse(content).data ?? {};
    if (!isOfEra && message?.method !== "initialize") {
      const error = eraMismatch(isModern);
      response.writeHead(400, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ jsonrpc: "2.0", id: id ?? null, error }));
    }
    if (id === undefined) return void response.writeHead(202).end();
    const answer = (message && answerMessage(message, "mutated", isModern)) ?? {
      error: { code: -32602, message: "Invalid params" },
    };
    response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "upstream" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  upstreams = [await startRecorder(), await startRecorder()];
  const [modern, legacy] = upstreams;
  if (modern === undefined || legacy === undefined) throw new TypeError("two servers");
  behave(modern, true);
  behave(legacy, false);
  const tenant = await gateway.addTenant({
    servers: [
      { name: "modern", url: modern.url },
      { name: "legacy", url: legacy.url },
    ],
  });
  key = tenant.apiKey;
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all(upstreams.map((server) => server.close()));
});

const VALID: readonly (readonly [method: string, params: Record<string, unknown>])[] = [
  ["tools/call", { name: "read", arguments: { a: 1, b: ["x", { c: null }] } }],
  ["tools/call", { name: "fail", arguments: {} }],
  ["tools/list", {}],
  ["resources/list", { cursor: "abc" }],
  ["resources/read", { uri: DOCUMENT }],
  ["prompts/get", { name: PROMPT, arguments: { who: "you" } }],
  ["prompts/list", {}],
  ["ping", {}],
  ["completion/complete", { ref: { type: "ref/prompt", name: PROMPT }, argument: { name: "a", value: "b" } }],
  ["server/discover", {}],
  ["initialize", { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: "x", version: "1" } }],
  ["notifications/cancelled", { requestId: 7 }],
  ["tasks/get", { taskId: "t" }],
  ["logging/setLevel", { level: "debug" }],
];

const ODD_VALUES: readonly unknown[] = [
  ...[null, true, 0, -0, 1.5, 1e308, "", "x", "\u0000", "../../etc/passwd", "\ud800", [], {}, [[]]],
  "a".repeat(20_000),
  { __proto__: { polluted: true }, constructor: { prototype: {} } },
  Array.from({ length: 500 }, (_, index) => index),
  nested(150),
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

/** Replaces, deletes or adds one member somewhere in the message. */
function mutateMember(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || integerBelow(random, 4) === 0)
    return pick(random, ODD_VALUES);
  const entries: [string, unknown][] = Object.entries(value);
  if (Array.isArray(value) || entries.length === 0)
    return [...entries.map(([, item]) => item), pick(random, ODD_VALUES)];
  const at = integerBelow(random, entries.length);
  const kind = integerBelow(random, 6);
  return Object.fromEntries(
    entries.flatMap(([name, item], index): [string, unknown][] => {
      if (index !== at) return [[name, item]];
      if (kind === 0) return [];
      if (kind === 1) return [[name.toUpperCase(), item]];
      if (kind === 2)
        return [
          [name, item],
          [pick(random, ["id", "method", "__proto__", "params", "x".repeat(300)]), item],
        ];
      return [[name, mutateMember(item, random)]];
    }),
  );
}

/** Changes the text itself: cut, doubled members, bytes that are no UTF-8, something behind the end. */
function mutateText(text: string, random: Random): string | Uint8Array {
  const at = integerBelow(random, text.length + 1);
  switch (integerBelow(random, 8)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return `${text}${text}`;
    case 2:
      return text.replace('"method"', '"method":"tools/list","method"');
    case 3:
      return Uint8Array.from([...Buffer.from(text.slice(0, at)), 0xff, 0xfe, ...Buffer.from(text.slice(at))]);
    case 4:
      return `[${text},${text}]`;
    case 5:
      return (
        text.slice(0, at) +
        pick(random, ["\u0000", "}", "{", "[", '"', "\\u", ",", "1e999", "\ufeff"]) +
        text.slice(at)
      );
    default:
      return text;
  }
}

const ODD_HEADERS: readonly (readonly [string, string])[] = [
  ["mcp-method", "tools/list"],
  ["mcp-name", "=?base64?%%%?="],
  ["mcp-name", "other"],
  ["mcp-protocol-version", "1999-01-01"],
  ["mcp-protocol-version", MODERN],
  ["mcp-session-id", "made-up"],
  ["content-type", "text/plain"],
  ["accept", "text/html"],
  ["last-event-id", "x".repeat(500)],
  ["mcp-param-x", "y"],
];

function mutateHeaders(headers: Record<string, string>, random: Random): Record<string, string> {
  if (integerBelow(random, 3) !== 0) return headers;
  const [name, value] = pick(random, ODD_HEADERS);
  return { ...headers, [name]: value };
}

const rpc = z.looseObject({ jsonrpc: z.literal("2.0") });

/** A JSON-RPC message, a batch of them, an event stream or nothing; never the gateway's own fault. */
async function judge(response: Response): Promise<string | undefined> {
  const text = await response.text();
  if (response.status >= 500) return `${response.status} ${text.slice(0, 200)}`;
  if (text === "" || response.headers.get("content-type")?.startsWith("text/event-stream") === true)
    return undefined;
  const content = parseJson(text);
  return z.union([rpc, z.array(rpc)]).safeParse(content).success
    ? undefined
    : `no JSON-RPC: ${text.slice(0, 200)}`;
}

type Sender = (
  body: string | Uint8Array,
  headers: Record<string, string>,
  signal: AbortSignal,
) => Promise<Response>;

async function senderFor(era: "modern" | "legacy", endpoint: Endpoint): Promise<Sender> {
  if (era === "modern") return (body, headers, signal) => send(endpoint, body, { headers, signal });
  const session = await LegacySession.begin(endpoint);
  const own = { "mcp-session-id": session.id, "mcp-protocol-version": session.revision };
  return (body, headers, signal) => send(endpoint, body, { headers: { ...own, ...headers }, signal });
}

interface Attacked {
  readonly faults: string[];
  /** Answered with a result, so that the messages got past the first check. */
  served: number;
  /** Resident memory of the gateway, at equal distances. */
  readonly memoryMiB: number[];
}

interface Attack {
  readonly era: "modern" | "legacy";
  readonly endpoint: Endpoint;
  readonly random: Random;
  readonly messages: number;
}

async function attack({ era, endpoint, random, messages }: Attack): Promise<Attacked> {
  const sender = await senderFor(era, endpoint);
  const attacked: Attacked = { faults: [], served: 0, memoryMiB: [] };
  const sampled = Math.ceil(messages / MEMORY_SAMPLES);
  let left = messages;
  const go = async () => {
    while (left > 0) {
      if (left % sampled === 0) attacked.memoryMiB.push(Math.round(residentMiB(gateway.pid)));
      left -= 1;
      const [method, params] = pick(random, VALID);
      const id = integerBelow(random, 1000);
      const valid =
        era === "modern" ? modernMessage(method, params, { id }) : { jsonrpc: "2.0", id, method, params };
      const message = integerBelow(random, 5) === 0 ? valid : mutateMember(valid, random);
      const body = mutateText(JSON.stringify(message) ?? "", random);
      const known = era === "modern" ? { "mcp-protocol-version": MODERN, "mcp-method": method } : {};
      const headers = mutateHeaders(known, random);
      const sendOnce = () => sender(body, headers, AbortSignal.timeout(ANSWER_TIMEOUT_MS));
      const fault = await sendOnce()
        .catch((error: unknown) => {
          // An idle connection may close while the message is being sent. A gateway that has ended fails again.
          if (error instanceof TypeError) return sendOnce();
          throw error;
        })
        .then((response) => {
          if (response.status === 200) attacked.served += 1;
          return judge(response);
        })
        .catch((error: unknown) => (error instanceof Error ? error.name : "failed"));
      if (fault !== undefined)
        attacked.faults.push(`${fault}: ${JSON.stringify(headers)} ${String(body).slice(0, 400)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, go));
  return attacked;
}

describe.each([
  ["modern", "/mcp"],
  ["modern", "/mcp/modern"],
  ["legacy", "/mcp"],
  ["legacy", "/mcp/legacy"],
] as const)("mutated messages of the %s era to %s", (era, path) => {
  it(
    "are answered in time, without a fault of the gateway's and without growth",
    async () => {
      const endpoint = { url: gateway.url + path, key };
      const seed = Math.floor(Math.random() * 2 ** 32);
      await attack({ era, endpoint, random: createRandom(1), messages: runs(400) });
      const attacked = await attack({ era, endpoint, random: createRandom(seed), messages: MESSAGES });
      const { faults, served, memoryMiB } = attacked;
      memoryMiB.push(Math.round(residentMiB(gateway.pid)));
      const memory = `memory in MiB: ${memoryMiB.join(", ")}`;
      if (inject("isLongRun"))
        console.log(`${era} ${path}: ${MESSAGES} messages, ${served} with 200; ${memory}`);
      expect(served).toBeGreaterThan(MESSAGES / 100);
      expect(faults.slice(0, 5), `seed ${seed}: ${faults.length} of ${MESSAGES}`).toEqual([]);
      const [halfway = 0, end = 0] = [memoryMiB[MEMORY_SAMPLES / 2], memoryMiB.at(-1)];
      expect(end - halfway, memory).toBeLessThan(MAX_GROWTH_MIB);
    },
    60_000 + 100 * MESSAGES,
  );
});
