/**
 * Sends an ordinary tools/call on a server endpoint directly to its server. Pipeline stages without a decision for it
 * are skipped, and the others are the same functions. An unusual call, server or tenant, or a missing cache entry, is
 * left to the general path before anything is done. tests/gateway/fast-path compares the two.
 */
import { callCost } from "../../core/limits/call-cost.ts";
import { hasTargetLimits } from "../../core/limits/target-limits.ts";
import { isRequestHeader, selectRequestHeaders } from "../../core/mcp/header-filter.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { readHeaders } from "../../core/net/headers.ts";
import type { TimerSet } from "../../core/timers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { type Header, peekCredentialHeader } from "../../upstream/credentials.ts";
import { followRedirects, isRedirect, parseUrl, sendHop } from "../../upstream/transports/http/exchange.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import {
  answerEarly,
  answerOwnError,
  limitDuration,
  openExchange,
  timeoutReason,
} from "../forward/forward.ts";
import type { ForwardedCall } from "../forward/forwarded-call.ts";
import { type ResponseScope, toClientResponse } from "../forward/to-client-response.ts";
import { UpstreamAttempt } from "../pipeline/attempt.ts";
import { failAttempt } from "../pipeline/call-upstream.ts";
import { setServer } from "../pipeline/check-access.ts";
import { isCredentialRejected, receiveHttp, rejectCredential } from "../pipeline/send-http.ts";
import type { Candidate } from "../pipeline/upstream-call.ts";
import { peekCallFacts } from "../proxy/access-filter.ts";
import { hasBoundValues } from "../proxy/bound-values.ts";
import { describeAnswer, describePassedCall } from "../proxy/pass-through.ts";
import type { McpPost } from "../request/mcp-post.ts";

interface PlainCall {
  readonly request: Request;
  readonly post: McpPost;
  readonly server: SnapshotServer;
  readonly operation: OperationRecorder;
  readonly credential: Header | undefined;
  /** What every answer to the request carries beside the server's own headers. */
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly forwarded: Omit<ForwardedCall<Candidate>, "prepare">;
  readonly exchange: ResponseScope;
}

export interface PlainInput extends Pick<PlainCall, "request" | "post" | "server" | "answerHeaders"> {
  /** Of the request so far. */
  readonly timers: TimerSet;
}

export function sendPlainCall(input: PlainInput, context: McpContext): Promise<Response> | undefined {
  const { request, post, server, timers } = input;
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
  const plain: PlainCall = { ...input, operation, credential, forwarded, exchange };
  const pending = callServer(plain, releaseSlot, context);
  return forwarded.canDefer ? answerEarly(pending, forwarded, context, exchange) : pending;
}

const NONE_DENIED = new Map();

/** Runs the pipeline stages for a call with one candidate whose slot and permit are available. */
async function callServer(plain: PlainCall, releaseSlot: () => void, context: McpContext): Promise<Response> {
  const { request, post, server, operation, answerHeaders, forwarded, exchange } = plain;
  const { scope, end } = exchange;
  const { routing, tenant } = context;
  const { method, operations, preferred } = forwarded;
  routing.recordRequest(tenant.id, tenant.retries.budget, Date.now());
  setServer(operation, preferred);
  operation.cost = callCost(server, operation.target ?? "");
  const permit = context.traffic.breakers.createPermit(server.id);
  const attempt = new UpstreamAttempt({ server, method, operations, permit, releaseSlot }, context);
  const terms = { ...describeAnswer(request, post, server, context), answerHeaders };
  const stopClock = limitDuration(preferred, operations, scope);
  try {
    const stalledMs = scope.timers.totalStalledMs();
    const response = await send(plain, context);
    attempt.headReceived(scope.timers.totalStalledMs() - stalledMs);
    const answer = await receiveHttp(response, terms, attempt, scope);
    return await toClientResponse(answer, terms, attempt, forwarded, context, exchange);
  } catch (thrown) {
    stopClock();
    const error = timeoutReason(scope) ?? thrown;
    const own = answerOwnError(error, terms, attempt, end);
    if (own !== undefined) return own;
    const known = failAttempt(error, attempt, scope.abort.signal);
    operation.fail(known);
    end.untrack();
    throw known;
  }
}

/** The exchange over HTTP, with headers that are copied once. */
async function send(
  { request, post, server, credential, exchange: { scope } }: PlainCall,
  { upstream }: McpContext,
): Promise<Response> {
  const headers: Record<string, string> = {};
  const fields = readHeaders(request);
  for (const [name, value] of fields) if (isRequestHeader(name)) headers[name] = value;
  if (upstream.gatewayId !== undefined) headers[HEADERS.gatewayPath] = upstream.gatewayId;
  if (credential !== undefined) headers[credential[0]] = credential[1];
  const { name, endpointUrl: url, firstByteTimeoutMs } = server;
  const hop = { server: name, method: "POST", body: post.bytes, firstByteTimeoutMs } as const;
  const { href } = parseUrl(hop, url, upstream.urlPolicy);
  const first = await sendHop(scope, hop, href, headers, upstream);
  const response = isRedirect(first)
    ? await followRedirects(first, scope, { ...hop, ...toFollowed(fields, server, credential) }, upstream)
    : first;
  return isCredentialRejected(response) ? rejectCredential(response, server) : response;
}

/** What a redirected request is built from, as on the general path. */
const toFollowed = (
  fields: ReadonlyMap<string, string>,
  { endpointUrl: url }: SnapshotServer,
  credential: Header | undefined,
) => ({ url, headers: selectRequestHeaders(fields), ...(credential !== undefined && { credential }) });

function isPlain(
  request: Request,
  { isBatch, id, era, text }: McpPost,
  { method, target }: OperationRecorder,
  server: SnapshotServer,
  context: McpContext,
): boolean {
  const { tenant, access, traffic, eras } = context;
  if (isBatch || id === null || method !== "tools/call" || target === undefined) return false;
  if (server.transport !== "http" || server.payloads !== undefined || server.passHeaders) return false;
  if (tenant.windows.length > 0 || tenant.tracing !== undefined || tenant.budgets !== undefined) return false;
  const fields = readHeaders(request);
  if (request.url.includes("?") || fields.has(HEADERS.sessionId) || fields.has(HEADERS.gatewayPath))
    return false;
  const only = eras.getOnlyEra(server);
  if ((only !== undefined && only !== era) || hasBoundValues(text)) return false;
  if (hasTargetLimits(tenant.targetLimits, { serverId: server.id, tool: target })) return false;
  if (traffic.breakers.getState(server.id, Date.now()) !== "closed") return false;
  const facts = peekCallFacts(target, server, context);
  return facts !== undefined && access.allows("tool", server.id, target, facts);
}
