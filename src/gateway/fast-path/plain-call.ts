/**
 * Sends an ordinary tools/call on a server endpoint directly to its server. Pipeline stages without a decision for it
 * are skipped, and the others are the same functions. An unusual call, server or tenant, or a missing cache entry, is
 * left to the general path before anything is done. tests/gateway/fast-path compares the two.
 */
import { toGatewayError } from "../../core/errors.ts";
import type { TimerSet } from "../../core/timers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { peekCredentialHeader } from "../../upstream/credentials.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import { answerEarly, openExchange } from "../forward/forward.ts";
import type { Candidate } from "../pipeline/upstream-call.ts";
import { peekCallFacts } from "../proxy/access-filter.ts";
import { describeAnswer, describePassedCall } from "../proxy/pass-through.ts";
import type { McpPost } from "../request/mcp-post.ts";
import { isPlainPost, isPlainTarget, type PlainCall, sendAttempt, startAttempt } from "./call-server.ts";

export interface PlainInput {
  readonly request: Request;
  readonly post: McpPost;
  /** What every answer to the request carries beside the server's own headers. */
  readonly answerHeaders: Readonly<Record<string, string>>;
  /** Of the request so far. */
  readonly timers: TimerSet;
}

export function sendPlainCall(
  { request, post, answerHeaders, timers }: PlainInput,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> | undefined {
  const [operation] = context.record.operations;
  const credential = peekCredentialHeader(server.auth);
  if (operation === undefined || credential === "unknown") return undefined;
  if (!isPlain(request, post, operation, server, context)) return undefined;
  const releaseSlot = context.queues.tryAcquire(server, context.principal);
  if (releaseSlot === undefined) return undefined;
  const forwarded = describePassedCall(
    request,
    { post, denied: NONE_DENIED, session: null },
    server,
    context,
  );
  const exchange = openExchange(operation, forwarded.preferred, context, timers);
  const terms = { ...describeAnswer(request, post, server, context), answerHeaders };
  const plain = { request, body: post.bytes, server, credential, forwarded, terms, exchange };
  const pending = callServer(plain, operation, releaseSlot, context);
  return forwarded.canDefer ? answerEarly(pending, forwarded, context, exchange) : pending;
}

const NONE_DENIED = new Map();

/** Runs the pipeline stages for a call with one candidate whose slot and permit are available. */
async function callServer(
  plain: PlainCall<Candidate>,
  operation: OperationRecorder,
  releaseSlot: () => void,
  context: McpContext,
): Promise<Response> {
  const { routing, tenant } = context;
  routing.recordRequest(tenant.id, tenant.retries.budget, Date.now());
  try {
    return await sendAttempt(plain, startAttempt(plain, releaseSlot, context), context);
  } catch (error) {
    operation.fail(toGatewayError(error));
    plain.exchange.end.untrack();
    throw error;
  }
}

function isPlain(
  request: Request,
  post: McpPost,
  operation: OperationRecorder,
  server: SnapshotServer,
  context: McpContext,
): boolean {
  if (!isPlainPost(request, post, operation, context)) return false;
  const only = context.eras.getOnlyEra(server);
  if (only !== undefined && only !== post.era) return false;
  const target = operation.target ?? "";
  if (!isPlainTarget({ server, upstreamName: target }, context)) return false;
  const facts = peekCallFacts(target, server, context);
  return facts !== undefined && context.access.allows("tool", server.id, target, facts);
}
