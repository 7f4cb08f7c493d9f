/** Sends an ordinary call to the one server that serves it. The fast paths of both endpoints share it. */
import { callCost } from "../../core/limits/call-cost.ts";
import { hasTargetLimits } from "../../core/limits/target-limits.ts";
import { isRequestHeader } from "../../core/mcp/header-filter.ts";
import { encodeHeaderValue } from "../../core/mcp/inbound.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { readHeaders } from "../../core/net/headers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { Header } from "../../upstream/credentials.ts";
import { followRedirects, isRedirect, parseUrl, sendHop } from "../../upstream/transports/http/exchange.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import { answerOwnError, limitDuration, timeoutReason } from "../forward/forward.ts";
import type { AnswerTerms, ForwardedCall } from "../forward/forwarded-call.ts";
import { type ResponseScope, toClientResponse } from "../forward/to-client-response.ts";
import { UpstreamAttempt } from "../pipeline/attempt.ts";
import { failAttempt } from "../pipeline/call-upstream.ts";
import { setServer } from "../pipeline/check-access.ts";
import { isCredentialRejected, receiveHttp, rejectCredential } from "../pipeline/send-http.ts";
import type { Candidate } from "../pipeline/upstream-call.ts";
import { hasBoundValues } from "../proxy/bound-values.ts";
import type { McpPost } from "../request/mcp-post.ts";

export interface PlainCall<C extends Candidate> {
  readonly request: Request;
  readonly body: Uint8Array<ArrayBuffer> | string;
  /** The server's own name of the tool, if the client's may be another. */
  readonly upstreamName?: string;
  readonly server: SnapshotServer;
  readonly credential: Header | undefined;
  readonly forwarded: Omit<ForwardedCall<C>, "prepare">;
  readonly terms: AnswerTerms;
  readonly exchange: ResponseScope;
}

/** One tools/call that holds no value which the gateway has sealed. */
export function isPlainPost(
  request: Request,
  { isBatch, id, text }: McpPost,
  { method, target }: OperationRecorder,
  { tenant }: McpContext,
): boolean {
  if (isBatch || id === null || method !== "tools/call" || target === undefined) return false;
  if (tenant.windows.length > 0 || tenant.tracing !== undefined || tenant.budgets !== undefined) return false;
  if (request.url.includes("?")) return false;
  const fields = readHeaders(request);
  return !fields.has(HEADERS.sessionId) && !fields.has(HEADERS.gatewayPath) && !hasBoundValues(text);
}

/** No limit of its own, no recorded payloads, no headers of clients, and no breaker that would have to be queried. */
export function isPlainTarget({ server, upstreamName }: Candidate, { tenant, traffic }: McpContext): boolean {
  if (server.transport !== "http" || server.payloads !== undefined || server.passHeaders) return false;
  if (hasTargetLimits(tenant.targetLimits, { serverId: server.id, tool: upstreamName })) return false;
  return traffic.breakers.getState(server.id, Date.now()) === "closed";
}

/** The first attempt: its slot is taken already, and the breaker is closed. */
export function startAttempt<C extends Candidate>(
  { server, forwarded: { method, operations, preferred } }: PlainCall<C>,
  releaseSlot: () => void,
  context: McpContext,
): UpstreamAttempt {
  for (const operation of operations) {
    setServer(operation, preferred);
    operation.cost = callCost(server, operation.target ?? "");
  }
  const permit = context.traffic.breakers.createPermit(server.id);
  return new UpstreamAttempt({ server, method, operations, permit, releaseSlot }, context);
}

/** Settles the attempt, unless the response is a stream, which settles it when it ends. */
export async function sendAttempt<C extends Candidate>(
  plain: PlainCall<C>,
  attempt: UpstreamAttempt,
  context: McpContext,
): Promise<Response> {
  const { forwarded, terms, exchange } = plain;
  const { scope, end } = exchange;
  const stopClock = limitDuration(forwarded.preferred, forwarded.operations, scope);
  try {
    const stalledMs = scope.timers.totalStalledMs();
    const response = await send(plain, context);
    attempt.headReceived(scope.timers.totalStalledMs() - stalledMs);
    const answer = await receiveHttp(response, terms, attempt, scope);
    return await toClientResponse(answer, terms, attempt, forwarded, context, exchange);
  } catch (thrown) {
    stopClock();
    const error = timeoutReason(scope) ?? thrown;
    const own = forwarded.isRepeatable === undefined ? answerOwnError(error, terms, attempt, end) : undefined;
    if (own !== undefined) return own;
    throw failAttempt(error, attempt, scope.abort.signal);
  }
}

/** The exchange over HTTP, with headers that are copied once. */
async function send<C extends Candidate>(
  { request, body, upstreamName, server, credential, exchange: { scope } }: PlainCall<C>,
  { upstream }: McpContext,
): Promise<Response> {
  const headers = selectHeaders(request, upstreamName);
  if (upstream.gatewayId !== undefined) headers[HEADERS.gatewayPath] = upstream.gatewayId;
  if (credential !== undefined) headers[credential[0]] = credential[1];
  const { name, endpointUrl: url, firstByteTimeoutMs } = server;
  const hop = { server: name, method: "POST", body, firstByteTimeoutMs } as const;
  const { href } = parseUrl(hop, url, upstream.urlPolicy);
  let response = await sendHop(scope, hop, href, headers, upstream);
  if (isRedirect(response)) {
    // What a redirected request is built from, as on the general path.
    const sent = new Map(Object.entries(selectHeaders(request, upstreamName)));
    const redirected = { ...hop, url, headers: sent, ...(credential !== undefined && { credential }) };
    response = await followRedirects(response, scope, redirected, upstream);
  }
  return isCredentialRejected(response) ? rejectCredential(response, server) : response;
}

function selectHeaders(request: Request, upstreamName: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of readHeaders(request)) if (isRequestHeader(name)) headers[name] = value;
  if (upstreamName !== undefined) headers[HEADERS.name] = encodeHeaderValue(upstreamName);
  return headers;
}
