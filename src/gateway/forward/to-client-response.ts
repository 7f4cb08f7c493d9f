/** Turns an upstream's answer into the response to the client, and settles the attempt when a stream is over. */
import { GatewayError } from "../../core/errors.ts";
import { selectResponseHeaders } from "../../core/mcp/header-filter.ts";
import type { JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { gatewayErrorBody } from "../../core/mcp/responses.ts";
import { formatEvent } from "../../core/mcp/sse.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { connectionClosed, idleTimeout, type StatusError } from "../../upstream/errors.ts";
import type { AbortScope } from "../../upstream/transports/http/exchange.ts";
import { clientLeft } from "../active.ts";
import { isAnswer, judgeText, StreamTail } from "../context/call-outcome.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import type { McpContext } from "../context.ts";
import { edited } from "../edit.ts";
import type { UpstreamAttempt } from "../pipeline/attempt.ts";
import type { HttpAnswer } from "../pipeline/send-http.ts";
import type { Candidate } from "../pipeline/upstream-call.ts";
import { openStream, type RelayEnd, relay } from "../streams.ts";
import type { ForwardedCall, Prepared, StreamEnd } from "./forward.ts";

export async function messageResponse(
  { status, headers: received, text }: HttpAnswer & { readonly kind: "message" },
  prepared: Prepared,
): Promise<Response> {
  const headers = await headersFor(received, prepared);
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
  prepared: Prepared,
): Promise<Response> {
  const text = response === undefined ? "" : stringifyLossless(response);
  return messageResponse({ kind: "message", status: upstreamStatus, headers: new Map(), text }, prepared);
}

interface Way {
  readonly hold: AbortScope;
  readonly end: StreamEnd;
}

export async function streamResponse<C extends Candidate>(
  { status, headers: received, body }: HttpAnswer & { readonly kind: "stream" },
  prepared: Prepared,
  attempt: UpstreamAttempt,
  { operations, isPermitted }: Pick<ForwardedCall<C>, "operations" | "isPermitted">,
  context: McpContext,
  { hold, end }: Way,
): Promise<Response> {
  const { keepAliveMs, idleTimeoutMs: silenceMs, name } = attempt.server;
  const headers = await headersFor(received, prepared);
  const { readable, writer } = openStream();
  const isCall = operations.length > 0;
  if (!isCall) attempt.establish(status);
  const release = context.record.hold();
  const tail = new StreamTail();
  const source = prepared.edit === undefined ? body : edited(body, prepared.edit);
  const finish = (ended: RelayEnd): string | undefined => {
    const { reason } = hold.abort.signal;
    end.hangUp();
    const unanswered = unansweredIds(prepared, operations);
    const isPartial = operations.length > 1 && unanswered.length > 0;
    const stream = { name, silenceMs, status, isPartial };
    const error = isCall ? settle(ended, reason, tail, attempt, stream) : undefined;
    release();
    if (error === undefined) return undefined;
    const message = (id: JsonRpcId) => formatEvent({ event: "message", data: gatewayErrorBody(id, error) });
    return unanswered.map(message).join("");
  };
  const heard = (piece: Uint8Array) => tail.push(piece);
  context.background(
    relay(source, writer, { keepAliveMs, silenceMs, finish, heard, ...(isPermitted && { isPermitted }) }),
  );
  return new Response(readable, { status, headers: Object.fromEntries(headers) });
}

/** The requests that still need a response. Each response to a batch settles its own operation as it passes. */
function unansweredIds(
  { id, batchIds }: Prepared,
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
}

/** What the client is still told, if its answer has not come. */
function settle(
  ended: RelayEnd,
  reason: unknown,
  tail: StreamTail,
  attempt: UpstreamAttempt,
  { name, silenceMs, status, isPartial }: StreamFacts,
): GatewayError | undefined {
  const last = tail.lastMessage();
  if (!isPartial && (last === undefined || isAnswer(last))) {
    attempt.succeed(judgeText(last ?? ""), status, last);
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
    attempt.cancel(clientLeft());
    return undefined;
  }
  const error =
    reason instanceof GatewayError
      ? reason
      : ended === "silent"
        ? idleTimeout(name, silenceMs)
        : connectionClosed(name);
  attempt.fail(error);
  return error;
}

async function headersFor(received: HeaderMap, { finishHeaders }: Prepared): Promise<HeaderMap> {
  const headers = selectResponseHeaders(received);
  await finishHeaders?.(headers);
  return headers;
}
