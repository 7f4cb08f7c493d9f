/** Stage 7 over HTTP: one exchange with a server, whose answer is read whole unless it is an event stream. */

import { selectContextHeaders } from "../../core/mcp/header-filter.ts";
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { isTooDeep } from "../../core/mcp/json-scan.ts";
import { isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { isMcpMediaType } from "../../core/mcp/response-content.ts";
import { gatewayErrorBatchBody, gatewayErrorBody } from "../../core/mcp/responses.ts";
import { copyHeaders, type HeaderMap } from "../../core/net/headers.ts";
import { MAX_JSON_DEPTH } from "../../core/size-limits.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import {
  credentialRejected,
  idleTimeout,
  invalidResponse,
  StatusError,
  statusError,
} from "../../upstream/connection/errors.ts";
import { type ReadResponseOptions, readResponse } from "../../upstream/connection/read-response.ts";
import { resolveTarget } from "../../upstream/resolve-target.ts";
import {
  type AbortScope,
  sendHttpInScope,
  type UpstreamRequest,
} from "../../upstream/transports/http/exchange.ts";
import { isResponseText, parseOutcome } from "../context/call-outcome.ts";
import type { McpContext } from "../context/context.ts";
import type { UpstreamAttempt } from "./attempt.ts";

export interface HttpCall {
  readonly method: UpstreamRequest["method"];
  readonly headers: HeaderMap;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Of the one request that is answered; `null` for everything else. */
  readonly id: JsonRpcId | null;
  /** Of the requests in a batch. */
  readonly batchIds?: readonly JsonRpcId[];
  /** The message is of the modern era, and the server supports the legacy one only. */
  readonly isTranslated?: boolean;
}

export type HttpResponse =
  | { readonly kind: "message"; readonly status: number; readonly headers: HeaderMap; readonly text: string }
  | {
      readonly kind: "stream";
      readonly status: number;
      readonly headers: HeaderMap;
      readonly body: ReadableStream<Uint8Array>;
    };

/** A message settles the attempt; a stream is returned with it. */
export async function sendHttp(
  call: HttpCall,
  attempt: UpstreamAttempt,
  context: McpContext,
  hold: AbortScope,
): Promise<HttpResponse> {
  const { traceparent } = attempt;
  if (traceparent !== undefined) call.headers.set("traceparent", traceparent);
  const send = call.isTranslated === true ? sendThroughBridge : sendDirectly;
  const { value: response, stalledMs } = await hold.timers.measureStall(send(call, attempt, context, hold));
  attempt.headReceived(stalledMs);
  return receiveHttp(response, call, attempt, hold);
}

/** What is needed of a request to judge the response to it. */
export type AnsweredCall = Pick<HttpCall, "method" | "id" | "batchIds">;

/** Reads the response whole unless it is an event stream. */
export async function receiveHttp(
  response: Response,
  call: AnsweredCall,
  attempt: UpstreamAttempt,
  hold: AbortScope,
): Promise<HttpResponse> {
  const { server } = attempt;
  const { status } = response;
  const headers = copyHeaders(response.headers);
  const type = headers.get("content-type")?.toLowerCase() ?? "";
  if (type.startsWith("text/event-stream") && response.body !== null && status < 300) {
    return { kind: "stream", status, headers, body: response.body };
  }
  const isKnown = isMcpMediaType(type);
  const forget = hold.timers.set(server.idleTimeoutMs, () =>
    hold.abort.abort(idleTimeout(server.name, server.idleTimeoutMs)),
  );
  const text = isKnown
    ? await readResponse(response, headers, readOptions(server, hold))
    : await discard(response);
  forget();
  return classifyResponse(call, attempt, {
    kind: "message",
    status,
    headers,
    text: text.trim() === "" ? "" : text,
  });
}

function readOptions(
  { name, maxResponseBytes, idleTimeoutMs }: SnapshotServer,
  { abort }: AbortScope,
): ReadResponseOptions {
  return { server: name, maxBytes: maxResponseBytes, idleMs: idleTimeoutMs, signal: abort.signal };
}

type Message = HttpResponse & { readonly kind: "message" };

/** Turns what is no answer into an error that names the server, with the id of the request. */
function classifyResponse(call: AnsweredCall, attempt: UpstreamAttempt, answer: Message): Message {
  const { id, method, batchIds = [] } = call;
  const { status, text } = answer;
  const { name } = attempt.server;
  const isRequest = (id !== null || batchIds.length > 0) && method === "POST";
  const isJsonRpc = text !== "" && looksLikeJsonRpc(text);
  if (status >= 500)
    throw new StatusError(name, status, isRequest && isJsonRpc ? findResponse(text) : undefined);
  if (!isRequest) {
    // A stream was requested.
    if (method === "GET" && status < 300) throw invalidResponse(name, "returned an invalid event stream");
    attempt.succeed({ success: status < 400 }, status);
    return isJsonRpc ? answer : { ...answer, text: "" };
  }
  if (isJsonRpc) {
    attempt.succeed(parseOutcome(text), status, text);
    return answer;
  }
  // The status of a refusal is part of the protocol: 404 ends a session, 405 names what the server does not support.
  if (status >= 400) return rejectedResponse(call, attempt, answer);
  throw invalidResponse(
    name,
    text === "" ? "did not respond to the request" : "returned a message that is not JSON-RPC",
  );
}

/** The transport lets a server explain a refusal in JSON of its own. */
function rejectedResponse(
  { id, batchIds }: AnsweredCall,
  attempt: UpstreamAttempt,
  answer: Message,
): Message {
  const error = statusError(attempt.server.name, answer.status);
  attempt.reject(error, answer.status);
  if (isJson(answer.text)) return answer;
  const text = batchIds === undefined ? gatewayErrorBody(id, error) : gatewayErrorBatchBody(batchIds, error);
  return { ...answer, text };
}

function isJson(text: string): boolean {
  try {
    return text !== "" && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

function findResponse(text: string): JsonObject | undefined {
  const answer = parseLossless(text);
  return isMembers(answer) ? answer : undefined;
}

/** Parsed where that is cheap; of larger bodies both ends and the nesting are checked. */
const MAX_PARSED_CHARACTERS = 64 * 1024;

function looksLikeJsonRpc(text: string): boolean {
  if (text.length > MAX_PARSED_CHARACTERS) {
    return /^\s*[[{]/.test(text) && /[\]}]\s*$/.test(text.slice(-64)) && !isTooDeep(text, MAX_JSON_DEPTH);
  }
  try {
    return isResponseText(text);
  } catch {
    return false;
  }
}

async function sendDirectly(
  { method, headers, body }: HttpCall,
  { server, credential: account }: UpstreamAttempt,
  context: McpContext,
  hold: AbortScope,
): Promise<Response> {
  const { url, credential } = await resolveTarget(server, context.keyring, account);
  const response = await sendHttpInScope(
    hold,
    {
      server: server.name,
      url,
      method,
      headers,
      firstByteTimeoutMs: server.firstByteTimeoutMs,
      ...(body !== undefined && { body }),
      ...(credential !== undefined && { credential }),
    },
    context.upstream,
  );
  return isCredentialRejected(response) ? rejectCredential(response, server) : response;
}

/** The gateway's credential was refused. Passed on, the status would send the client off to sign in there. */
export const isCredentialRejected = ({ status }: Response) => status === 401 || status === 403;

export async function rejectCredential(response: Response, { name }: SnapshotServer): Promise<never> {
  await response.body?.cancel();
  throw credentialRejected(name, response);
}

function sendThroughBridge(
  { headers, body }: HttpCall,
  { server, credential }: UpstreamAttempt,
  context: McpContext,
  { abort }: AbortScope,
): Promise<Response> {
  const acceptsStream = headers.get("accept")?.includes("text/event-stream") === true;
  const { signal } = abort;
  const message = String(body);
  const passed = selectContextHeaders(headers, server.passHeaders);
  return context.callThroughBridge(
    { server, credential, message, acceptsStream, headers: passed, signal },
    context,
  );
}

async function discard(response: Response): Promise<string> {
  await response.body?.cancel();
  return "";
}
