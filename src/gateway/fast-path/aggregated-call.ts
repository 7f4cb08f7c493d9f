/**
 * Sends an ordinary tools/call of the modern era on the aggregated endpoint directly to the server that has the tool, as
 * plain-call.ts does on a server endpoint. Left to the general path: calls that a routing rule may concern, and
 * toolsets, which translate names and arguments.
 */
import { toGatewayError } from "../../core/errors.ts";
import { isMembers, parseLossless, stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { type RequestTarget, setTarget } from "../../core/mcp/rewrite.ts";
import { peekCredentialHeader } from "../../upstream/credentials.ts";
import { canReach, withCurrentServer } from "../aggregate/resolve-target.ts";
import { createEdit } from "../aggregate/rewrite-response.ts";
import { describeRoutedCall } from "../aggregate/route-call.ts";
import { canRepeat, type ItemCandidate, toCandidate } from "../aggregate/select-candidates.ts";
import { tenantScope } from "../catalog/catalog.ts";
import type { NameIndex } from "../catalog/name-index.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import { answerEarly, openExchange } from "../forward/forward.ts";
import { acquireAttempt } from "../pipeline/acquire.ts";
import { sendWithFailover } from "../pipeline/failover.ts";
import type { McpPost } from "../request/mcp-post.ts";
import { isPlainPost, isPlainTarget, type PlainCall, sendAttempt, startAttempt } from "./call-server.ts";
import type { PlainInput } from "./plain-call.ts";

const METHOD = "tools/call";

export function sendAggregatedCall(
  { request, post, answerHeaders, timers }: PlainInput,
  context: McpContext,
): Promise<Response> | undefined {
  const [operation] = context.record.operations;
  if (operation?.target === undefined || !isPlainPost(request, post, operation, context)) return undefined;
  const name = operation.target;
  const target = { kind: "tool", value: name } as const;
  const found = post.era === "modern" ? findTool(target, context) : undefined;
  if (found === undefined) return undefined;
  const { candidate, tables } = found;
  const { server, upstreamName } = candidate;
  const credential = peekCredentialHeader(server.auth);
  const body = renameTool(post, name, upstreamName);
  if (credential === "unknown" || body === undefined) return undefined;
  const releaseSlot = context.queues.tryAcquire(server, context.principal);
  if (releaseSlot === undefined) return undefined;
  const isRepeatable = ({ item }: ItemCandidate, neverSent: boolean) =>
    canRepeat({ method: METHOD, tables }, item, neverSent);
  const forwarded = describeRoutedCall(METHOD, post, { candidate, tables, target, isRepeatable }, context);
  const exchange = openExchange(operation, candidate, context, timers);
  const owner = { principalId: context.principal.id, serverId: server.id, method: METHOD, own: upstreamName };
  const edit = createEdit(owner, server.name, tables, context);
  const terms = { method: "POST", id: post.id, edit, answerHeaders } as const;
  const plain = { request, body, upstreamName, server, credential, forwarded, terms, exchange };
  const pending = callWithRetries(plain, operation, releaseSlot, context);
  return forwarded.canDefer ? answerEarly(pending, forwarded, context, exchange) : pending;
}

/** The tool by its exposed name, if one modern server has it, the principal may use it, and nothing else may serve it. */
function findTool(
  tool: RequestTarget,
  context: McpContext,
): { readonly candidate: ItemCandidate; readonly tables: NameIndex } | undefined {
  const { tenant, target, catalog } = context;
  if (tenant.routing.length > 0 || target.toolset !== undefined) return undefined;
  const view = catalog.peekView(tenantScope(tenant));
  const item = view?.tables.find(tool);
  if (view === undefined || item?.inventory.era !== "modern") return undefined;
  const current = withCurrentServer(item, context);
  if (current === undefined || !canReach(current, tool, view.tables, context)) return undefined;
  const candidate = toCandidate(current);
  return isPlainTarget(candidate, context) ? { candidate, tables: view.tables } : undefined;
}

/** The body with the server's own name of the tool; as it came if that is the same. */
function renameTool(
  { bytes, text }: McpPost,
  exposed: string,
  own: string,
): Uint8Array<ArrayBuffer> | string | undefined {
  if (exposed === own) return bytes;
  const message = parseLossless(text);
  return isMembers(message) ? stringifyLossless(setTarget(message, own)) : undefined;
}

/** Runs the pipeline stages; the slot of the first attempt is taken already, and another attempt waits for its own. */
async function callWithRetries(
  plain: PlainCall<ItemCandidate>,
  operation: OperationRecorder,
  releaseSlot: () => void,
  context: McpContext,
): Promise<Response> {
  const { forwarded, exchange } = plain;
  const call = { ...forwarded, takesSlot: true, signal: exchange.scope.abort.signal };
  let isFirst = true;
  const start = (candidate: ItemCandidate) => {
    if (!isFirst) return acquireAttempt(candidate, call, context);
    isFirst = false;
    return startAttempt(plain, releaseSlot, context);
  };
  try {
    return await sendWithFailover([forwarded.preferred], call, context, async (candidate) =>
      sendAttempt(plain, await start(candidate), context),
    );
  } catch (error) {
    operation.fail(toGatewayError(error));
    exchange.end.untrack();
    throw error;
  }
}
