// An MCP server of either era, over HTTP, whose tool calls fail in one of the ways in which servers fail.
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { z } from "zod";
import {
  answerMessage,
  eraMismatch,
  type PolicyMessage,
  policyMessage,
} from "../../tests/fixtures/policy-offers.ts";
import { type Recorded, startRecorder } from "../../tests/fixtures/recorder.ts";
import { MODERN } from "../../tests/fixtures/wire.ts";

export const SERVER_ERAS = ["legacy", "modern"] as const;
export type ServerEra = (typeof SERVER_ERAS)[number];

const DRIP_INTERVAL_MS = 50;
const DRIP_BYTES = 16;

/** A POST with one message or, in the one revision that has them, a batch. */
interface Post {
  readonly messages: readonly PolicyMessage[];
  readonly isBatch: boolean;
}

type Respond = (post: Post, response: ServerResponse) => void;

const JSON_TYPE = { "content-type": "application/json" };
const TOOL_CALL = "tools/call";

/** What a server does with a tool call, by the name of the fault. */
export const UPSTREAM_FAULTS = {
  "answers 500": (_, response) => void response.writeHead(500).end("Internal Server Error"),
  "answers garbage": (_, response) => void response.writeHead(200, JSON_TYPE).end("<html>{not json"),
  "closes the connection": (_, response) => void response.socket?.destroy(),
  "never answers": () => undefined,
  "truncates its answer": (post, response) => {
    const text = toText(post);
    response.writeHead(200, { ...JSON_TYPE, "content-length": text.length });
    response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
  },
  "cuts its stream": ({ messages }, response) => {
    const progressToken = messages.find(({ method }) => method === TOOL_CALL)?.params._meta.progressToken;
    const params = { progressToken, progress: 1 };
    const text = JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params });
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${text}\n\n`, () => response.socket?.destroy());
  },
  "drips its answer": (post, response) => {
    let rest = toText(post);
    response.writeHead(200, JSON_TYPE);
    const timer = setInterval(() => {
      response.write(rest.slice(0, DRIP_BYTES));
      rest = rest.slice(DRIP_BYTES);
      if (rest === "") response.end();
      if (rest === "" || response.destroyed) clearInterval(timer);
    }, DRIP_INTERVAL_MS);
  },
} as const satisfies Record<string, Respond>;
export type UpstreamFault = keyof typeof UPSTREAM_FAULTS;

/** Slow, but not a failure. */
export const HARMLESS_FAULT = "drips its answer" satisfies UpstreamFault;

const answerTo = (message: PolicyMessage, era: ServerEra) => ({
  jsonrpc: "2.0",
  id: message.id,
  ...answerMessage(message, "faulty", era === "modern"),
});

/** `resultType` does no harm to a legacy client, and a modern one needs it. */
function toText({ messages, isBatch }: Post): string {
  const answers = messages.filter(({ id }) => id !== undefined).map((message) => answerTo(message, "modern"));
  return JSON.stringify(isBatch ? answers : answers[0]);
}

export interface FaultyServer {
  readonly url: string;
  /** Tool calls that have arrived. */
  readonly calls: number;
  close(): Promise<void>;
}

export async function startFaultyServer(era: ServerEra, fault: UpstreamFault): Promise<FaultyServer> {
  const respond: Respond = UPSTREAM_FAULTS[fault];
  const recorder = await startRecorder();
  let calls = 0;
  recorder.behave((request, response) => {
    const post = readPost(request);
    const [first] = post?.messages ?? [];
    if (post === undefined || first === undefined) return void response.writeHead(405).end();
    if (post.messages.some(({ method }) => method === TOOL_CALL)) {
      calls += 1;
      return respond(post, response);
    }
    answer(first, { request, response, era });
  });
  return {
    url: recorder.url,
    get calls() {
      return calls;
    },
    close: recorder.close,
  };
}

function readPost({ method, body }: Recorded): Post | undefined {
  if (method !== "POST") return undefined;
  const content: unknown = JSON.parse(body.toString());
  return { messages: z.array(policyMessage).parse([content].flat()), isBatch: Array.isArray(content) };
}

interface Exchange {
  readonly request: Recorded;
  readonly response: ServerResponse;
  readonly era: ServerEra;
}

function answer(message: PolicyMessage, { request, response, era }: Exchange): void {
  const isModern = request.headers["mcp-protocol-version"] === MODERN;
  if (isModern !== (era === "modern")) {
    const error = eraMismatch(era === "modern");
    response.writeHead(400, JSON_TYPE);
    return void response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id ?? null, error }));
  }
  if (message.id === undefined) return void response.writeHead(202).end();
  const session = message.method === "initialize" ? { "mcp-session-id": randomUUID() } : {};
  response.writeHead(200, { ...JSON_TYPE, ...session }).end(JSON.stringify(answerTo(message, era)));
}
