/** Turns an upstream's answer into the response to the client, and settles the attempt when a stream is over. */
import { GatewayError } from "../../core/errors.ts";
import { isResponseHeader, selectResponseHeaders } from "../../core/mcp/header-filter.ts";
import type { JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { gatewayErrorBody } from "../../core/mcp/responses.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { formatEvent } from "../../core/mcp/sse.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { STREAM_TOTAL_TIMEOUT_MS } from "../../core/size-limits.ts";
import {
  bodyError,
  idleTimeout,
  responseTimeout,
  type StatusError,
} from "../../upstream/connection/errors.ts";
import type { AbortScope } from "../../upstream/transports/http/exchange.ts";
import { isResponseText, parseOutcome, StreamTail } from "../context/call-outcome.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import { clientDisconnected } from "../pipeline/active-requests.ts";
import type { UpstreamAttempt } from "../pipeline/attempt.ts";
import type { HttpResponse } from "../pipeline/send-http.ts";
import type { Candidate } from "../pipeline/upstream-call.ts";
import { openStream, type RelayEnd, relay } from "../sse/relay.ts";
import { transformEvents } from "../sse/transform.ts";
import type { AnswerTerms, ForwardedCall, StreamEnd } from "./forwarded-call.ts";

const finished = new WeakSet<Response>();

/** Made by `finishedResponse`: nothing needs to be added to it. */
export const isFinished = (response: Response) => finished.has(response);

/** The response with all of its headers, made once, where the message goes on as it came; otherwise undefined. */
function finishedResponse(
  { status, headers: received, text }: HttpResponse & { readonly kind: "message" },
  { answerHeaders, edit }: AnswerTerms,
): Response | undefined {
  if (answerHeaders === undefined || text === "" || received.has(HEADERS.sessionId)) return undefined;
  if (edit !== undefined && edit.only?.test(text) !== false) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of received) if (isResponseHeader(name)) headers[name] = value;
  headers["content-type"] = "application/json";
  const response = new Response(text, { status, headers: Object.assign(headers, answerHeaders) });
  finished.add(response);
  return response;
}

async function messageResponse(
  { status, headers: received, text }: HttpResponse & { readonly kind: "message" },
  prepared: AnswerTerms,
): Promise<Response> {
  const headers = await buildHeaders(received, prepared);
  if (text === "") {
    headers.delete("content-type");
    return new Response(null, { status, headers: Object.fromEntries(headers) });
  }
  headers.set("content-type", "application/json");
  const body = prepared.edit === undefined ? text : await prepared.edit(text);
  return new Response(body, { status, headers: Object.fromEntries(headers) });
}

/** An HTTP error of the server's with a JSON-RPC error in it. */
export function fromStatusError(
  { response, upstreamStatus }: StatusError,
  prepared: AnswerTerms,
): Promise<Response> {
  const text = response === undefined ? "" : stringifyLossless(response);
  return messageResponse({ kind: "message", status: upstreamStatus, headers: new Map(), text }, prepared);
}

export interface ResponseScope {
  readonly scope: AbortScope;
  readonly end: StreamEnd;
}

/** The response to the client; a message ends the exchange. */
export async function toClientResponse<C extends Candidate>(
  answer: HttpResponse,
  terms: AnswerTerms,
  attempt: UpstreamAttempt,
  call: Pick<ForwardedCall<C>, "operations" | "isPermitted">,
  context: McpContext,
  exchange: ResponseScope,
): Promise<Response> {
  if (answer.kind === "stream") return streamResponse(answer, terms, attempt, call, context, exchange);
  exchange.end.untrack();
  return finishedResponse(answer, terms) ?? messageResponse(answer, terms);
}

async function streamResponse<C extends Candidate>(
  { status, headers: received, body }: HttpResponse & { readonly kind: "stream" },
  prepared: AnswerTerms,
  attempt: UpstreamAttempt,
  { operations, isPermitted }: Pick<ForwardedCall<C>, "operations" | "isPermitted">,
  context: McpContext,
  { scope, end }: ResponseScope,
): Promise<Response> {
  const { keepAliveMs, idleTimeoutMs, name } = attempt.server;
  const headers = await buildHeaders(received, prepared);
  const { readable, writer } = openStream();
  const isCall = operations.length > 0;
  if (!isCall) attempt.establish(status);
  const release = context.record.deferCompletion();
  const tail = new StreamTail();
  const source = prepared.edit === undefined ? body : transformEvents(body, prepared.edit);
  const finish = (ended: RelayEnd, fault: unknown): string | undefined => {
    const { reason } = scope.abort.signal;
    end.abort();
    const unanswered = unansweredIds(prepared, operations);
    const isPartial = operations.length > 1 && unanswered.length > 0;
    const stream = { name, silenceMs: idleTimeoutMs, status, isPartial, fault };
    const error = isCall ? reportStreamEnd(ended, reason, tail, attempt, stream) : undefined;
    release();
    if (error === undefined) return undefined;
    const message = (id: JsonRpcId) => formatEvent({ event: "message", data: gatewayErrorBody(id, error) });
    return unanswered.map(message).join("");
  };
  const onActivity = (piece: Uint8Array) => tail.push(piece);
  context.waitUntil(
    relay(source, writer, {
      keepAliveMs,
      idleTimeoutMs,
      totalTimeoutMs: STREAM_TOTAL_TIMEOUT_MS,
      finish,
      onActivity,
      ...(isPermitted && { isPermitted }),
    }),
  );
  return new Response(readable, { status, headers: Object.fromEntries(headers) });
}

/** The requests that still need a response. Each response to a batch settles its own operation as it passes. */
function unansweredIds(
  { id, batchIds }: AnswerTerms,
  operations: readonly OperationRecorder[],
): readonly JsonRpcId[] {
  if (batchIds === undefined) return id === null ? [] : [id];
  if (operations.length < 2) return batchIds;
  return batchIds.filter((each) =>
    operations.some((operation) => operation.id === each && operation.outcome === undefined),
  );
}

interface StreamFacts {
  readonly name: string;
  readonly silenceMs: number;
  readonly status: number;
  /** A batch of which some requests have no response yet. */
  readonly isPartial: boolean;
  /** Why the upstream's stream broke off. */
  readonly fault: unknown;
}

/** Returns the final event for the client if its response has not arrived. */
function reportStreamEnd(
  ended: RelayEnd,
  reason: unknown,
  tail: StreamTail,
  attempt: UpstreamAttempt,
  { name, silenceMs, status, isPartial, fault }: StreamFacts,
): GatewayError | undefined {
  const last = tail.lastMessage();
  if (!isPartial && (last === undefined || isResponseText(last))) {
    attempt.succeed(parseOutcome(last ?? ""), status, last);
    return undefined;
  }
  if (reason instanceof GatewayError && reason.code === "cancelled") {
    attempt.cancel(reason);
    return reason;
  }
  // Revision 2025-11-25: a server may end a stream before its answer, for the client to come back for the rest.
  if (ended === "ended" && tail.isResumable) {
    attempt.succeed({ success: true }, status);
    return undefined;
  }
  if (ended === "client-gone" || ended === "revoked") {
    attempt.cancel(clientDisconnected());
    return undefined;
  }
  const error = reason instanceof GatewayError ? reason : toStreamError(ended, name, silenceMs, fault);
  attempt.fail(error);
  return error;
}

function toStreamError(ended: RelayEnd, name: string, silenceMs: number, fault: unknown): GatewayError {
  if (ended === "silent") return idleTimeout(name, silenceMs);
  if (ended === "too-long") return responseTimeout(name, STREAM_TOTAL_TIMEOUT_MS);
  return bodyError(name, fault);
}

async function buildHeaders(received: HeaderMap, { finishHeaders }: AnswerTerms): Promise<HeaderMap> {
  const headers = selectResponseHeaders(received);
  await finishHeaders?.(headers);
  return headers;
}
