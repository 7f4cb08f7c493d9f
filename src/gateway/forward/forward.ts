/**
 * Brings an HTTP request through the pipeline and its answer back to the client: tracked while it runs, begun early
 * where the server is slow, kept alive while it is silent, and let go when the client leaves.
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
import type { Candidate, UpstreamCall } from "../pipeline/upstream-call.ts";
import { deferResponse } from "./deferred-response.ts";
import type { ForwardedCall, PreparedCall, StreamEnd } from "./forwarded-call.ts";
import {
  finishedResponse,
  fromStatusError,
  messageResponse,
  type ResponseScope,
  streamResponse,
} from "./to-client-response.ts";

/** `callServer`: the pipeline, or what is left of it for a call that most of its stages need not look at. */
export async function forwardCall<C extends Candidate>(
  call: ForwardedCall<C>,
  context: McpContext,
  callServer: CallServer<C> = callUpstream,
): Promise<Response> {
  const hold: AbortScope = { abort: new AbortController(), timers: new TimerSet() };
  const { abort, timers } = hold;
  const [operation] = call.operations;
  const untrack = operation && track(operation, call.preferred, context, hold);
  const forget = () => {
    untrack?.();
    timers.clear();
  };
  const end: StreamEnd = {
    untrack: forget,
    abort() {
      forget();
      abort.abort(clientDisconnected());
    },
  };
  const pending = sendCall(call, context, { scope: hold, end }, callServer).catch((error: unknown) => {
    forget();
    throw error;
  });
  if (!call.canDefer || !isFlagEnabled("mcp.early-answer", context)) return pending;
  const id = operation?.id ?? null;
  const { server } = call.preferred;
  const { earlyAnswerMs } = server;
  const late = new Promise<undefined>((resolve) => timers.set(earlyAnswerMs, () => resolve(undefined)));
  const answered = await Promise.race([pending, late]);
  if (answered !== undefined) return answered;
  return deferResponse({ pending, id, server, abort: end.abort, context });
}

type CallServer<C extends Candidate> = (
  call: UpstreamCall<C, Response>,
  context: McpContext,
) => Promise<Response>;

function sendCall<C extends Candidate>(
  call: ForwardedCall<C>,
  context: McpContext,
  { scope, end }: ResponseScope,
  callServer: CallServer<C>,
): Promise<Response> {
  const { operations, preferred, selection, isAllowed, deny, isRepeatable, client, method } = call;
  const send = async (candidate: C, attempt: UpstreamAttempt) => {
    const prepared = observeBatch(await call.prepare(candidate), operations);
    recordPayloads(call.operations, prepared, candidate, context);
    const stopClock = limitDuration(candidate, operations, scope);
    try {
      const answer = await sendHttp(prepared, attempt, context, scope);
      if (answer.kind === "message") end.untrack();
      return answer.kind === "message"
        ? (finishedResponse(answer, prepared) ?? (await messageResponse(answer, prepared)))
        : await streamResponse(answer, prepared, attempt, call, context, { scope, end });
    } catch (thrown) {
      stopClock();
      const error = timeoutReason(scope) ?? thrown;
      // A client that is not given another server's answer gets this one's error in its own words.
      if (error instanceof StatusError && error.response !== undefined && isRepeatable === undefined) {
        attempt.fail(toGatewayError(error));
        end.untrack();
        return fromStatusError(error, prepared);
      }
      throw error;
    }
  };
  return callServer(
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

/** Ends the exchange when the tool's own time for a call is over. It runs until the response has ended. */
function limitDuration<C extends Candidate>(
  { server }: C,
  operations: readonly OperationRecorder[],
  { abort, timers }: AbortScope,
): () => void {
  const ms = toolTimeoutMs(server, operations);
  if (ms === undefined) return () => undefined;
  return timers.limitWait(ms, () => abort.abort(responseTimeout(server.name, ms)));
}

function timeoutReason({ abort }: AbortScope): UpstreamError | undefined {
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
