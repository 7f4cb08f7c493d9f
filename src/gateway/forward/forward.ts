/**
 * Brings an HTTP request through the pipeline and its answer back to the client: tracked while it runs, begun early
 * where the server is slow, kept alive while it is silent, and canceled when the client disconnects.
 */

import { toGatewayError, UpstreamError } from "../../core/errors.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import { TimerSet } from "../../core/timers.ts";
import { responseTimeout, StatusError } from "../../upstream/connection/errors.ts";
import type { AbortScope } from "../../upstream/transports/http/exchange.ts";
import { messageOutcome } from "../context/call-outcome.ts";
import type { McpContext } from "../context/context.ts";
import { isFlagEnabled } from "../context/flag-evaluation.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import { canceledByAdmin, clientDisconnected, trackRequest } from "../pipeline/active-requests.ts";
import type { UpstreamAttempt } from "../pipeline/attempt.ts";
import { callUpstream } from "../pipeline/call-upstream.ts";
import { sendHttp } from "../pipeline/send-http.ts";
import { toolTimeoutMs } from "../pipeline/tool-settings.ts";
import type { Candidate } from "../pipeline/upstream-call.ts";
import { deferResponse } from "./deferred-response.ts";
import type { AnswerTerms, ForwardedCall, PreparedCall, StreamEnd } from "./forwarded-call.ts";
import { fromStatusError, type ResponseScope, toClientResponse } from "./to-client-response.ts";

export async function forwardCall<C extends Candidate>(
  call: ForwardedCall<C>,
  context: McpContext,
): Promise<Response> {
  const exchange = openExchange(call.operations[0], call.preferred, context, new TimerSet());
  const pending = sendCall(call, context, exchange).catch((error: unknown) => {
    exchange.end.untrack();
    throw error;
  });
  return call.canDefer ? answerEarly(pending, call, context, exchange) : pending;
}

/** An exchange that is tracked while it runs. `timers` are cleared with it. */
export function openExchange(
  operation: OperationRecorder | undefined,
  preferred: Candidate,
  context: McpContext,
  timers: TimerSet,
): ResponseScope {
  const scope: AbortScope = { abort: new AbortController(), timers };
  const untrack = operation && track(operation, preferred, context, scope);
  const forget = () => {
    untrack?.();
    timers.clear();
  };
  const end: StreamEnd = {
    untrack: forget,
    abort() {
      forget();
      scope.abort.abort(clientDisconnected());
    },
  };
  return { scope, end };
}

/** Begins the answer where the server takes long. */
export async function answerEarly(
  pending: Promise<Response>,
  { operations, preferred }: Pick<ForwardedCall<Candidate>, "operations" | "preferred">,
  context: McpContext,
  { scope, end }: ResponseScope,
): Promise<Response> {
  if (!isFlagEnabled("mcp.early-answer", context)) return pending;
  const { server } = preferred;
  const late = new Promise<undefined>((resolve) =>
    scope.timers.set(server.earlyAnswerMs, () => resolve(undefined)),
  );
  const answered = await Promise.race([pending, late]);
  if (answered !== undefined) return answered;
  return deferResponse({ pending, id: operations[0]?.id ?? null, server, abort: end.abort, context });
}

function sendCall<C extends Candidate>(
  call: ForwardedCall<C>,
  context: McpContext,
  { scope, end }: ResponseScope,
): Promise<Response> {
  const { operations, preferred, selection, isAllowed, deny, isRepeatable, client, method } = call;
  const send = async (candidate: C, attempt: UpstreamAttempt) => {
    const prepared = observeBatch(await call.prepare(candidate), operations);
    recordPayloads(call.operations, prepared, candidate, context);
    const stopClock = limitDuration(candidate, operations, scope);
    try {
      const answer = await sendHttp(prepared, attempt, context, scope);
      return await toClientResponse(answer, prepared, attempt, call, context, { scope, end });
    } catch (thrown) {
      stopClock();
      const error = timeoutReason(scope) ?? thrown;
      // A client that is not given another server's answer gets this one's error in its own words.
      const own = isRepeatable === undefined ? answerOwnError(error, prepared, attempt, end) : undefined;
      if (own !== undefined) return own;
      throw error;
    }
  };
  return callUpstream(
    {
      ...{ method, operations, preferred, selection, isAllowed, deny, send },
      takesSlot: operations.length > 0 && method !== "subscriptions/listen",
      signal: scope.abort.signal,
      ...(isRepeatable !== undefined && { isRepeatable }),
      ...(client !== undefined && { client }),
    },
    context,
  );
}

/** The answer to a call that is sent to one server only, where the server's HTTP error has a JSON-RPC error in it. */
export function answerOwnError(
  error: unknown,
  terms: AnswerTerms,
  attempt: UpstreamAttempt,
  end: StreamEnd,
): Promise<Response> | undefined {
  if (!(error instanceof StatusError) || error.response === undefined) return undefined;
  attempt.fail(toGatewayError(error));
  end.untrack();
  return fromStatusError(error, terms);
}

/** Ends the exchange when the tool's own time for a call is over. It runs until the response has ended. */
export function limitDuration<C extends Candidate>(
  { server }: C,
  operations: readonly OperationRecorder[],
  { abort, timers }: AbortScope,
): () => void {
  const ms = toolTimeoutMs(server, operations);
  if (ms === undefined) return () => undefined;
  return timers.limitWait(ms, () => abort.abort(responseTimeout(server.name, ms)));
}

export function timeoutReason({ abort }: AbortScope): UpstreamError | undefined {
  const { reason } = abort.signal;
  return reason instanceof UpstreamError && reason.code === "upstream_timeout" ? reason : undefined;
}

function track(
  { method, target }: OperationRecorder,
  { server, upstreamName }: Candidate,
  context: McpContext,
  { abort, timers }: AbortScope,
): () => void {
  const cancel = () => abort.abort(canceledByAdmin());
  return trackRequest({ server: server.name, method, target: upstreamName || target }, context, {
    timers,
    cancel,
  });
}

function recordPayloads(
  operations: readonly OperationRecorder[],
  { body }: PreparedCall,
  { server }: Candidate,
  { requestId }: McpContext,
): void {
  const [operation, another] = operations;
  // A batch has no parameters of its own.
  if (server.payloads === undefined || body === undefined || another !== undefined) return;
  operation?.setPayload(body, requestId, server.payloads);
}

/** The responses to a batch come together or one by one, in any order. */
function observeBatch(prepared: PreparedCall, operations: readonly OperationRecorder[]): PreparedCall {
  if (operations.length < 2) return prepared;
  const { edit } = prepared;
  return {
    ...prepared,
    async edit(text) {
      const content = parseLossless(text);
      for (const message of [content].flat().filter(isMembers)) {
        const operation = operations.find(({ id }) => id === getMember(message, "id"));
        if (!("method" in message)) operation?.settle(messageOutcome(message));
      }
      return edit === undefined ? text : edit(text);
    },
  };
}
