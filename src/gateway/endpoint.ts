/** The MCP endpoint: authenticates and admits a request, finds its tenant and server, and dispatches it. */

import { evaluatePermission } from "../core/access/rbac.ts";
import {
  ForbiddenError,
  GatewayError,
  mcpStatus,
  NotFoundError,
  TooManyRequestsError,
  toGatewayError,
  UpstreamError,
} from "../core/errors.ts";
import { REQUEST_ID_HEADER } from "../core/ids.ts";
import { MCP_SECURITY_HEADERS } from "../core/mcp/header-filter.ts";
import { isMcpMediaType } from "../core/mcp/response-content.ts";
import { gatewayErrorBatch, gatewayErrorResponse } from "../core/mcp/responses.ts";
import { HEADERS } from "../core/mcp/revisions.ts";
import { readHeaders } from "../core/net/headers.ts";
import { isAllowedHost, isAllowedOrigin, type OriginPolicy } from "../core/net/origin.ts";
import { getHost, getPath } from "../core/net/request-url.ts";
import type { Authenticator } from "../identity/authenticate.ts";
import { createChallenge } from "../identity/oauth/challenge.ts";
import { MCP_SCOPE } from "../identity/oauth/scopes.ts";
import { createAnonymous, type Principal } from "../identity/principal.ts";
import type { Emitter } from "../logs/emit.ts";
import { logFailure } from "../logs/log-failure.ts";
import { describeRequest, readLocation } from "../logs/request-event.ts";
import { admitRequest, type LimitHeaders } from "../policy/admission.ts";
import { keyAddressError } from "../policy/permission-error.ts";
import type { Snapshots } from "../policy/snapshot.ts";
import type { EndpointTarget } from "./catalog/catalog.ts";
import type { McpContext } from "./context/context.ts";
import type { RequestStarter } from "./context/create-context.ts";
import { type CallRecorder, RequestRecorder } from "./context/request-recorder.ts";
import { dispatch } from "./dispatch.ts";
import { admitNow } from "./fast-path/admit-now.ts";
import { sendAggregatedCall } from "./fast-path/aggregated-call.ts";
import { sendPlainCall } from "./fast-path/plain-call.ts";
import { invalidCredential, missingCredential, rejectNow } from "./fast-path/reject-now.ts";
import { isFinished } from "./forward/to-client-response.ts";
import { rejectLongHeaders, rejectLoop } from "./request/check-headers.ts";
import { corsHeaders, preflight } from "./request/cors.ts";
import { drainUnread } from "./request/drain-unread.ts";
import { InvalidPostError, listIds, type McpPost, readSubject } from "./request/mcp-post.ts";

export interface McpHandlerDeps {
  readonly authenticator: Authenticator;
  readonly snapshots: Snapshots;
  readonly emitter: Emitter;
  readonly requests: RequestStarter;
  readonly origins: OriginPolicy;
  /** How this gateway names itself on the way of a request. */
  readonly gatewayId: string;
  /** Ordinary requests take the short cuts of gateway/fast-path. */
  readonly hasFastPath: boolean;
}

export interface McpAddress extends EndpointTarget {
  /** The slug in /t/{tenant}/…, where anonymous access may be allowed. */
  readonly tenantSlug?: string;
  /**
   * The principal of an in-process caller that is already authenticated, for example an admin page; the request's
   * cookies are ignored.
   */
  readonly principal?: Principal;
}

type Background = (work: Promise<unknown>) => void;

export type McpHandler = (
  request: Request,
  address: McpAddress,
  requestId: string,
  background: Background,
) => Promise<Response>;

export function createMcpHandler(services: McpHandlerDeps): McpHandler {
  const enter = async (
    request: Request,
    address: McpAddress,
    record: RequestRecorder,
    exchange: ErrorContext,
    known: Principal | undefined,
  ): Promise<Entered> => {
    const { requestId, background: waitUntil, headers } = exchange;
    const identified = async () => {
      const principal = await identify(services, request, address, waitUntil);
      record.setPrincipal(principal);
      return requireScope(principal);
    };
    const entrance = {
      record,
      requestId,
      target: address,
      address: readHeaders(request).get("cf-connecting-ip"),
      location: readLocation(request),
      answerHeaders: headers,
      waitUntil,
      identify: identified,
    };
    const admitted = known && admitNow(known, entrance, services);
    if (admitted?.decision.kind === "refused") {
      await declareRefused(request, record);
      throw admitted.decision.error;
    }
    if (admitted !== undefined) {
      Object.assign(headers, admitted.decision.headers);
      return { context: admitted.context, isFast: true };
    }
    const context = await services.requests.start(await identified(), entrance);
    const lease = record.openSpan("lease");
    Object.assign(headers, await admitAndDeclare(request, context, exchange));
    lease?.end();
    return { context, isFast: false };
  };

  const serve = async (
    request: Request,
    address: McpAddress,
    record: RequestRecorder,
    exchange: ErrorContext,
    known: Principal | undefined,
  ): Promise<Response> => {
    const fields = readHeaders(request);
    rejectLongHeaders(fields);
    rejectLoop(fields.get(HEADERS.gatewayPath), services.gatewayId);
    const { context, isFast } = await enter(request, address, record, exchange, known);
    const response = await dispatch(
      request,
      context,
      (post) => {
        exchange.post = post;
      },
      isFast
        ? (post, server, timers) => {
            const input = { request, post, answerHeaders: exchange.headers, timers };
            return server === undefined
              ? sendAggregatedCall(input, context)
              : sendPlainCall(input, server, context);
          }
        : undefined,
    );
    return isFinished(response) ? response : assertMcpContent(response);
  };

  return async (request, address, requestId, background) => {
    const origin = readHeaders(request).get("origin") ?? null;
    const id = { [REQUEST_ID_HEADER]: requestId };
    if (
      !isAllowedHost(getHost(request.url), services.origins) ||
      !isAllowedOrigin(origin, services.origins)
    ) {
      return gatewayErrorResponse(null, new GatewayError("forbidden", "Origin not allowed."), {
        ...id,
        ...MCP_SECURITY_HEADERS,
      });
    }
    const headers: Record<string, string> = { ...corsHeaders(origin), ...id, ...MCP_SECURITY_HEADERS };
    if (request.method === "OPTIONS") return preflight(request, headers);
    const record = new RequestRecorder(
      () => describeRequest(request),
      requestId,
      (events) => services.emitter.emit(events, background),
    );
    const exchange: ErrorContext = { requestId, background, headers, post: undefined };
    const isFast =
      services.hasFastPath && address.principal === undefined && address.tenantSlug === undefined;
    const known = isFast ? services.authenticator.peek(request) : undefined;
    const rejection = known?.kind === "rejected" ? rejectNow(request) : undefined;
    if (known?.kind === "rejected" && rejection !== undefined) {
      services.authenticator.countRejection(known, background);
      record.complete(rejection.status, rejection);
      return toErrorResponse(rejection, request, services.origins.mcpUrl, exchange);
    }
    const principal = known?.kind === "principal" ? known.principal : undefined;
    try {
      const response = await serve(request, address, record, exchange, principal);
      record.complete(response.status);
      if (!isFinished(response)) {
        for (const name in headers) response.headers.set(name, headers[name] ?? "");
      }
      return response;
    } catch (thrown) {
      const error = toGatewayError(thrown);
      record.complete(mcpStatus(error), error);
      if (error.status >= 500 && !(error instanceof UpstreamError)) {
        logFailure(error, { requestId, method: request.method, path: getPath(request.url) });
      }
      await drainUnread(request);
      return toErrorResponse(error, request, services.origins.mcpUrl, exchange);
    }
  };
}

/** Records a rejected request with the operation from its headers. */
async function declareRefused(request: Request, record: CallRecorder): Promise<void> {
  if (request.method === "POST") record.declare([await readSubject(request)]);
}

/** Admission, before the body is read. */
async function admitAndDeclare(
  request: Request,
  context: McpContext,
  { background }: ErrorContext,
): Promise<LimitHeaders> {
  try {
    return await admitRequest(context, context.traffic, new Date(), background);
  } catch (error) {
    await declareRefused(request, context.record);
    throw error;
  }
}

interface Entered {
  readonly context: McpContext;
  readonly isFast: boolean;
}

interface ErrorContext {
  readonly requestId: string;
  readonly background: Background;
  /** The headers of every response to the request; more are added as more is known. */
  readonly headers: Record<string, string>;
  /** The body, once it has been read. */
  post: McpPost | undefined;
}

function toErrorResponse(
  error: GatewayError,
  request: Request,
  mcpUrl: string,
  { headers, post }: ErrorContext,
): Response {
  const challenge = createChallenge(error, {
    mcpUrl,
    path: getPath(request.url),
    hadProof: readHeaders(request).has("authorization") || readHeaders(request).has("x-api-key"),
  });
  // Headers that are there from the beginning cost less than those that come later.
  if (challenge !== undefined) headers["www-authenticate"] = challenge;
  if (error.status === 405) headers.allow = "POST, GET, DELETE, OPTIONS";
  if (error instanceof InvalidPostError) return gatewayErrorResponse(error.id, error, headers);
  const ids = post?.isBatch === true ? listIds(post) : [];
  if (ids.length > 0) return gatewayErrorBatch(ids, error, headers);
  return gatewayErrorResponse(post?.id ?? null, error, headers);
}

/** The last look at what crosses, whichever way it came: nothing but MCP's own media types leaves an MCP endpoint. */
async function assertMcpContent(response: Response): Promise<Response> {
  if (response.body === null || isMcpMediaType(response.headers.get("content-type"))) return response;
  await response.body.cancel();
  throw new GatewayError("upstream_invalid", "The server returned neither JSON nor an event stream.");
}

async function identify(
  services: McpHandlerDeps,
  request: Request,
  address: McpAddress,
  background: Background,
): Promise<Principal> {
  if (address.principal !== undefined) return address.principal;
  const authentication = await services.authenticator.authenticate(request, background);
  if (authentication.kind === "refused" && authentication.retryAfterSeconds !== undefined) {
    const message = "Too many failed authentication attempts. Retry later.";
    throw new TooManyRequestsError(message, authentication.retryAfterSeconds);
  }
  if (authentication.kind === "refused" && authentication.reason === "address") throw keyAddressError();
  if (authentication.kind === "refused") throw invalidCredential();
  if (address.tenantSlug === undefined) {
    if (authentication.kind === "principal") return authentication.principal;
    throw missingCredential();
  }
  if (authentication.kind === "principal") {
    const own = await services.snapshots.get(authentication.principal.tenantId, background);
    if (own?.slug === address.tenantSlug) return authentication.principal;
  }
  const tenantId = await services.snapshots.openTenant(address.tenantSlug, background);
  if (tenantId !== undefined) return createAnonymous(tenantId);
  // A tenant without anonymous access and an unknown tenant get the same response; a member of the tenant gets a more
  // specific one.
  if (authentication.kind === "none") throw missingCredential();
  throw new NotFoundError();
}

/**
 * All MCP methods require one scope (core/access/permissions.ts). The error names it, so that the client can request
 * it.
 */
function requireScope(principal: Principal): Principal {
  const decision = evaluatePermission(principal, "mcp.connect");
  if (decision.allowed) return principal;
  throw new ForbiddenError(`Requires scope ${MCP_SCOPE}.`, { scope: MCP_SCOPE });
}
