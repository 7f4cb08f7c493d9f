/**
 * Brings an HTTP request through the pipeline and its answer back to the client: tracked while it runs, begun early
 * where the server is slow, kept alive while it is silent, and let go when the client leaves.
 */
import { toGatewayError } from "../../core/errors.ts";
import { getMember, isMembers, parseLossless } from "../../core/mcp/lossless-json.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { TimerSet } from "../../core/timers.ts";
import { StatusError } from "../../upstream/errors.ts";
import type { AbortScope } from "../../upstream/transports/http/exchange.ts";
import { cancelledByAdmin, clientLeft, trackActive } from "../active.ts";
import { judgeMessage } from "../context/call-outcome.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import type { McpContext } from "../context.ts";
import { earlyStream } from "../early-stream.ts";
import type { Edit } from "../edit.ts";
import { flagIsOn } from "../flags.ts";
import type { UpstreamAttempt } from "../pipeline/attempt.ts";
import { callUpstream } from "../pipeline/call-upstream.ts";
import { type HttpCall, sendHttp } from "../pipeline/send-http.ts";
import type { Candidate, UpstreamCall } from "../pipeline/upstream-call.ts";
import { fromStatusError, messageResponse, streamResponse } from "./to-client-response.ts";

/** The request as one of the candidates gets it, and what is done to the answer on its way back. */
export interface Prepared extends HttpCall {
  /** Changes each message on its way back. */
  readonly edit?: Edit | undefined;
  /** Last change of the headers that go back to the client. */
  readonly finishHeaders?: (headers: HeaderMap) => Promise<void>;
}

export interface ForwardedCall<C extends Candidate>
  extends Omit<UpstreamCall<C, Response>, "send" | "signal" | "takesSlot"> {
  readonly prepare: (candidate: C) => Promise<Prepared>;
  /** The client takes event streams, and the answer's status and headers tell nothing that its body does not. */
  readonly mayAnswerEarly: boolean;
  /** Asked from time to time while a stream is open; the stream ends when the answer is no. */
  readonly isPermitted?: () => Promise<boolean>;
}

export async function forwardCall<C extends Candidate>(
  call: ForwardedCall<C>,
  context: McpContext,
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
    forget,
    hangUp() {
      forget();
      abort.abort(clientLeft());
    },
  };
  const pending = exchange(call, context, hold, end).catch((error: unknown) => {
    forget();
    throw error;
  });
  if (!call.mayAnswerEarly || !flagIsOn("mcp.early-answer", context)) return pending;
  const id = operation?.id ?? null;
  const { server } = call.preferred;
  const { earlyAnswerMs } = server;
  const late = new Promise<undefined>((resolve) => timers.set(earlyAnswerMs, () => resolve(undefined)));
  const answered = await Promise.race([pending, late]);
  if (answered !== undefined) return answered;
  return earlyStream({ pending, id, server, hangUp: end.hangUp, context });
}

export interface StreamEnd {
  /** Nothing more is waited for. */
  readonly forget: () => void;
  /** Lets go of the upstream. */
  readonly hangUp: () => void;
}

function exchange<C extends Candidate>(
  call: ForwardedCall<C>,
  context: McpContext,
  hold: AbortScope,
  end: StreamEnd,
): Promise<Response> {
  const { operations, preferred, selection, isAllowed, refuse, isRepeatable, method } = call;
  const send = async (candidate: C, attempt: UpstreamAttempt) => {
    const prepared = observeBatch(await call.prepare(candidate), operations);
    keepPayloads(call.operations, prepared, candidate, context);
    try {
      const answer = await sendHttp(prepared, attempt, context, hold);
      if (answer.kind === "message") end.forget();
      return answer.kind === "message"
        ? await messageResponse(answer, prepared)
        : await streamResponse(answer, prepared, attempt, call, context, { hold, end });
    } catch (error) {
      // A client that is not given another server's answer gets this one's error in its own words.
      if (error instanceof StatusError && error.response !== undefined && isRepeatable === undefined) {
        attempt.fail(toGatewayError(error));
        end.forget();
        return fromStatusError(error, prepared);
      }
      throw error;
    }
  };
  return callUpstream(
    {
      ...{ method, operations, preferred, selection, isAllowed, refuse, send },
      takesSlot: operations.length > 0 && method !== "subscriptions/listen",
      signal: hold.abort.signal,
      ...(isRepeatable !== undefined && { isRepeatable }),
    },
    context,
  );
}

function track(
  { method, target }: OperationRecorder,
  { server, own }: Candidate,
  context: McpContext,
  { abort, timers }: AbortScope,
): () => void {
  const cancel = () => abort.abort(cancelledByAdmin());
  return trackActive({ server: server.name, method, target: own || target }, context, {
    alarms: timers,
    cancel,
  });
}

function keepPayloads(
  operations: readonly OperationRecorder[],
  { body }: Prepared,
  { server }: Candidate,
  { requestId }: McpContext,
): void {
  const [operation, another] = operations;
  // A batch has no parameters of its own.
  if (server.payloads === undefined || body === undefined || another !== undefined) return;
  operation?.keepPayload(body, requestId, server.payloads);
}

/** The responses to a batch come together or one by one, in any order. */
function observeBatch(prepared: Prepared, operations: readonly OperationRecorder[]): Prepared {
  if (operations.length < 2) return prepared;
  const { edit } = prepared;
  return {
    ...prepared,
    async edit(text) {
      const content = parseLossless(text);
      for (const message of [content].flat().filter(isMembers)) {
        const operation = operations.find(({ id }) => id === getMember(message, "id"));
        if (!("method" in message)) operation?.settle(judgeMessage(message));
      }
      return edit === undefined ? text : edit(text);
    },
  };
}
