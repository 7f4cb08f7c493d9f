/**
 * The Worker's end of a legacy client's session: finds the object that holds it. The id that the client brings is
 * sealed to its principal, so a stolen one leads nowhere.
 */

import { GatewayError } from "../../core/errors.ts";
import { appendLimitHeaders } from "../../core/limits/ratelimit-headers.ts";
import { errorResponse } from "../../core/mcp/responses.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { readHeaders } from "../../core/net/headers.ts";
import { sleep } from "../../core/timers.ts";
import type { EndpointTarget } from "../catalog/catalog.ts";
import type { McpContext } from "../context/context.ts";
import type { SessionCall, SessionPost, SessionStub } from "../context/ports.ts";
import type { McpPost } from "../request/mcp-post.ts";

/** On answers of the session's object that it records itself. */
export const RECORDED_HEADER = "x-gateway-recorded";

const SESSION_NOT_FOUND = -32001;
const SESSION_MISSING = -32000;
/** How 2024-11-05 names the session. */
const QUERY = "sessionId";
const POLL_INTERVAL_MS = 1000;

export async function proxyToSession(
  request: Request,
  post: McpPost | undefined,
  target: EndpointTarget,
  context: McpContext,
): Promise<Response> {
  const { requestId, principal, record } = context;
  const { serverName, toolset, isSearched } = target;
  const visit: SessionCall = {
    ...{ requestId, principal, serverName, toolset, isSearched },
    ...record.description,
  };
  const owner = { principalId: context.principal.id, serverId: endpointId(target) };
  const url = new URL(request.url);
  const sealed = request.headers.get(HEADERS.sessionId) ?? url.searchParams.get(QUERY);
  if (sealed === null) return open(request, post, visit, owner, context);
  const name = await context.sessionIds.open(owner, sealed);
  if (name === undefined) return notFound(post);
  const session = context.sessions(name);
  switch (request.method) {
    case "POST":
      return post === undefined
        ? notFound(post)
        : requireSession(await postToSession(session, toSessionPost(request, post, visit), context), post);
    case "GET": {
      requireStream(request);
      const lastEventId = request.headers.get(HEADERS.lastEventId) ?? undefined;
      return endOnDisconnect(requireSession(await session.get(visit, lastEventId), post), context);
    }
    case "DELETE":
      return (await session.end()) ? new Response(null, { status: 204 }) : notFound(post);
    default:
      throw new GatewayError("method_not_allowed", "Use POST, GET or DELETE.");
  }
}

/** A session is of one endpoint. No server has a name with a slash. */
function endpointId({ serverName, toolset }: EndpointTarget): string {
  return toolset === undefined ? (serverName ?? "*") : `toolsets/${toolset}`;
}

async function open(
  request: Request,
  post: McpPost | undefined,
  visit: SessionCall,
  owner: { principalId: string; serverId: string },
  context: McpContext,
): Promise<Response> {
  const name = crypto.randomUUID();
  if (request.method === "GET") {
    requireStream(request);
    const endpoint = new URL(request.url);
    endpoint.searchParams.set(QUERY, await context.sessionIds.seal(owner, name));
    const path = endpoint.pathname + endpoint.search;
    return endOnDisconnect(await context.sessions(name).openStream(visit, path), context);
  }
  const [message] = post?.messages ?? [];
  const begins = post?.isBatch === false && message?.kind === "request" && message.method === "initialize";
  if (post === undefined || !begins) {
    const text = "Missing Mcp-Session-Id header. Send it, or send initialize first.";
    return errorResponse(400, post?.id ?? null, { code: SESSION_MISSING, message: text });
  }
  const response = await postToSession(
    context.sessions(name),
    { ...toSessionPost(request, post, visit), isInitialize: true },
    context,
  );
  const headers = new Headers(response.headers);
  headers.set(HEADERS.sessionId, await context.sessionIds.seal(owner, name));
  return new Response(response.body, { status: response.status, headers });
}

function toSessionPost(request: Request, { text, acceptsStream }: McpPost, visit: SessionCall): SessionPost {
  const headers = [...readHeaders(request)].filter(([name]) => !CREDENTIAL_HEADERS.has(name));
  return { ...visit, text, acceptsStream, isInitialize: false, headers };
}

/** What the object adds to the limits that were charged here. */
const LIMIT_HEADERS = ["ratelimit-policy", "ratelimit"];

const CREDENTIAL_HEADERS = new Set(["authorization", "cookie", "x-api-key", "proxy-authorization"]);

/** The object that serves the operations of a POST also records them; the others are recorded here. */
async function postToSession(
  session: SessionStub,
  visit: SessionPost,
  { record, answerHeaders }: McpContext,
): Promise<Response> {
  const response = await session.post(visit);
  if (!response.headers.has(RECORDED_HEADER)) return response;
  record.delegate();
  const headers = new Headers(response.headers);
  headers.delete(RECORDED_HEADER);
  for (const name of LIMIT_HEADERS) {
    const items = headers.get(name);
    if (items !== null) appendLimitHeaders(answerHeaders, { [name]: items });
  }
  return new Response(response.body, { status: response.status, headers });
}

function requireStream(request: Request): void {
  if (request.headers.get("accept")?.includes("text/event-stream")) return;
  throw new GatewayError(
    "not_acceptable",
    "GET opens an event stream and requires Accept: text/event-stream.",
  );
}

function requireSession(response: Response, post: McpPost | undefined): Response {
  return response.status === 404 ? notFound(post) : response;
}

function notFound(post: McpPost | undefined): Response {
  const message = "Session not found. Send initialize.";
  return errorResponse(404, post?.id ?? null, { code: SESSION_NOT_FOUND, message });
}

/** A stream that may be open for days ends when its caller's key is revoked. */
function endOnDisconnect(response: Response, context: McpContext): Response {
  if (response.body === null) return response;
  const { readable, writable } = new IdentityTransformStream();
  const over = new AbortController();
  const watch = async () => {
    while (!over.signal.aborted) {
      await sleep(POLL_INTERVAL_MS, over.signal);
      if ((await context.renew()) === undefined) over.abort();
    }
  };
  const piped = response.body.pipeTo(writable, { signal: over.signal }).catch(() => undefined);
  context.waitUntil(Promise.all([piped.finally(() => over.abort()), watch()]));
  return new Response(readable, response);
}
