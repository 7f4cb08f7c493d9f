/**
 * Sends an ordinary tools/call on a server endpoint directly to its server. Pipeline stages without a decision for it
 * are skipped, and the others are the same functions. An unusual call, server or tenant, or a missing cache entry, is
 * left to the general path before anything is done. tests/gateway/fast-path compares the two.
 */
import { toGatewayError } from "../../core/errors.ts";
import { hasTargetLimits } from "../../core/limits/target-limits.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { readHeaders } from "../../core/net/headers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import { forwardCall } from "../forward/forward.ts";
import { UpstreamAttempt } from "../pipeline/attempt.ts";
import { sendOnce } from "../pipeline/call-upstream.ts";
import { setServer } from "../pipeline/check-access.ts";
import type { Candidate, UpstreamCall } from "../pipeline/upstream-call.ts";
import { peekCallFacts } from "../proxy/access-filter.ts";
import { hasBoundValues } from "../proxy/bound-values.ts";
import { describePassedCall, preparePassed } from "../proxy/pass-through.ts";
import type { McpPost } from "../request/mcp-post.ts";

/** `answerHeaders`: what every answer to the request carries beside the server's own headers. */
export function sendPlainCall(
  request: Request,
  post: McpPost,
  server: SnapshotServer,
  context: McpContext,
  answerHeaders: Readonly<Record<string, string>>,
): Promise<Response> | undefined {
  const [operation] = context.record.operations;
  if (operation === undefined || !isPlain(request, post, operation, server, context)) return undefined;
  const releaseSlot = context.queues.tryAcquire(server, context.principal);
  if (releaseSlot === undefined) return undefined;
  const passed = { post, denied: new Map(), session: null };
  const prepared = { ...preparePassed(request, passed, server, context), answerHeaders };
  return forwardCall(
    { ...describePassedCall(request, passed, server, context), prepare: () => prepared },
    context,
    (call) => callServer(call, operation, releaseSlot, context),
  );
}

/** Runs the pipeline stages for a call with one candidate whose slot and permit are available. */
async function callServer<C extends Candidate, T>(
  call: UpstreamCall<C, T>,
  operation: OperationRecorder,
  releaseSlot: () => void,
  context: McpContext,
): Promise<T> {
  const { preferred, method, operations } = call;
  const { server } = preferred;
  const { routing, tenant } = context;
  routing.recordRequest(tenant.id, tenant.retries.budget, Date.now());
  setServer(operation, preferred);
  const permit = context.traffic.breakers.createPermit(server.id);
  const attempt = new UpstreamAttempt({ server, method, operations, permit, releaseSlot }, context);
  try {
    return await sendOnce(preferred, attempt, call, context);
  } catch (error) {
    operation.fail(toGatewayError(error));
    throw error;
  }
}

function isPlain(
  request: Request,
  { isBatch, id, era, text }: McpPost,
  { method, target }: OperationRecorder,
  server: SnapshotServer,
  context: McpContext,
): boolean {
  const { tenant, access, traffic, eras } = context;
  if (isBatch || id === null || method !== "tools/call" || target === undefined) return false;
  if (server.transport !== "http" || server.payloads !== undefined) return false;
  if (tenant.windows.length > 0 || tenant.tracing !== undefined) return false;
  if (request.url.includes("?") || readHeaders(request).has(HEADERS.sessionId)) return false;
  const only = eras.getOnlyEra(server);
  if ((only !== undefined && only !== era) || hasBoundValues(text)) return false;
  if (hasTargetLimits(tenant.targetLimits, { serverId: server.id, tool: target })) return false;
  if (traffic.breakers.getState(server.id, Date.now()) !== "closed") return false;
  const facts = peekCallFacts(target, server, context);
  return facts !== undefined && access.allows("tool", server.id, target, facts);
}
