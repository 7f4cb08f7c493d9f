/** Calls a tool for the signed-in user through the gateway's own endpoint, with every policy. */
import type { Context } from "hono";
import { uuidv7 } from "../../core/ids.ts";
import { encodeHeaderValue } from "../../core/mcp/inbound.ts";
import { buildParamHeaders } from "../../core/mcp/param-headers.ts";
import { HEADERS, LATEST_MODERN, META } from "../../core/mcp/revisions.ts";
import { EventSplitter, parseEvent } from "../../core/mcp/sse.ts";
import { readBoundedText } from "../../core/net/bounded-body.ts";
import { MAX_EVENT_BYTES, MAX_RESPONSE_BYTES } from "../../core/size-limits.ts";
import type { AdminEnv } from "../http/page-env.ts";
import type { SameCall } from "./code.ts";

export interface Called extends SameCall {
  readonly requestId: string;
  readonly answer: Response;
  readonly startedAt: number;
}

export interface ToolCallInput {
  readonly server: string;
  readonly tool: string;
  readonly schema: unknown;
  readonly values: Readonly<Record<string, unknown>>;
  /** Of a call that was answered with `input_required`. */
  readonly continuation?: Continuation | undefined;
}

export interface Continuation {
  readonly inputResponses: Readonly<Record<string, unknown>>;
  /** As the response had it. */
  readonly requestState?: string | undefined;
}

/** The requests that the playground answers with a form (inputs.tsx). */
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

export async function callTool(
  c: Context<AdminEnv>,
  { server, tool, schema, values, continuation }: ToolCallInput,
): Promise<Called> {
  const { mcpUrl } = c.get("config");
  const request = {
    jsonrpc: "2.0",
    id: continuation === undefined ? 1 : 2,
    method: "tools/call",
    params: {
      name: tool,
      arguments: values,
      ...continuation,
      _meta: {
        [META.protocolVersion]: LATEST_MODERN,
        [META.clientCapabilities]: CAPABILITIES,
        [META.clientInfo]: { name: "Playground", version: "1" },
        progressToken: "playground",
      },
    },
  };
  const headers = new Headers({
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    [HEADERS.protocolVersion]: LATEST_MODERN,
    [HEADERS.method]: "tools/call",
    [HEADERS.name]: encodeHeaderValue(tool),
  });
  for (const [name, value] of buildParamHeaders(schema, values)) headers.set(name, value);
  const sentHeaders = Object.fromEntries(headers);
  for (const name of ["cf-connecting-ip", "user-agent"]) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  const url = `${mcpUrl}/mcp/${encodeURIComponent(server)}`;
  const requestId = uuidv7();
  const startedAt = Date.now();
  const answer = await c.get("services").gateway.handle(
    new Request(url, {
      ...{ method: "POST", headers, body: JSON.stringify(request) },
    }),
    { serverName: server, principal: c.get("principal") },
    requestId,
    (work) => c.executionCtx.waitUntil(work),
  );
  return { requestId, request, answer, startedAt, url, tool, values, headers: sentHeaders };
}

export interface ReceivedMessage {
  readonly text: string;
  /** Since the call. */
  readonly afterMs: number;
}

/** The messages of the answer as they come, be it one or a stream of them. */
export async function* listMessages({ answer, startedAt }: Called): AsyncGenerator<ReceivedMessage> {
  const toMessage = (text: string): ReceivedMessage => ({ text, afterMs: Date.now() - startedAt });
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (!isStream || answer.body === null) {
    const text = await readBoundedText(answer.body, { maxBytes: MAX_RESPONSE_BYTES.inProcess });
    if (text !== "") yield toMessage(text);
    return;
  }
  const splitter = new EventSplitter(MAX_EVENT_BYTES);
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    for (const block of splitter.push(piece)) {
      const { data = "" } = parseEvent(block);
      if (data !== "") yield toMessage(data);
    }
  }
}
