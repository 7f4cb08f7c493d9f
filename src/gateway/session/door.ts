/**
 * The Worker's end of a legacy client's session: finds the object that holds it. The id that the client brings is
 * sealed to its principal, so a stolen one leads nowhere.
 */
import { GatewayError } from "../../core/errors.ts";
import { errorResponse } from "../../core/mcp/responses.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { readHeaders } from "../../core/net/headers.ts";
import { sleep } from "../../core/timers.ts";
import type { Principal } from "../../identity/principal.ts";
import type { RequestDescription } from "../../logs/request-event.ts";
import type { McpContext } from "../context.ts";
import type { Post } from "../post.ts";

/** What every call to a session's object brings along: who asks, and for what. */
export interface Visit {
  readonly requestId: string;
  readonly principal: Principal;
  readonly serverName: string | undefined;
  /** The HTTP request that brought it, for the log. */
  readonly request: RequestDescription;
  readonly startedAt: number;
}

export interface PostVisit extends Visit {
  /** The message or the batch, to the digit. */
  readonly text: string;
  readonly acceptsStream: boolean;
  /** Only this message may make a session where there is none. */
  readonly begins: boolean;
  /** Without credentials: routing rules look at headers. */
  readonly headers: readonly (readonly [string, string])[];
}

/** On answers of the session's object that it records itself. */
export const RECORDED_HEADER = "x-gateway-recorded";

/** The object's methods, as its stub has them. */
export interface SessionStub {
  post(visit: PostVisit): Promise<Response>;
  get(visit: Visit, lastEventId: string | undefined): Promise<Response>;
  /** 2024-11-05: opens the session, and says where messages are to be posted. */
  openStream(visit: Visit, endpoint: string): Promise<Response>;
  /** False where there is no such session. */
  end(): Promise<boolean>;
}

const SESSION_NOT_FOUND = -32001;
const SESSION_MISSING = -32000;
/** How 2024-11-05 names the session. */
const QUERY = "sessionId";
const LOOK_MS = 1000;

export async function sessionDoor(
  request: Request,
  post: Post | undefined,
  serverName: string | undefined,
  context: McpContext,
): Promise<Response> {
  const { requestId, principal, record } = context;
  const visit: Visit = { requestId, principal, serverName, ...record.description };
  const owner = { principalId: context.principal.id, serverId: serverName ?? "*" };
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
        : known(await posted(session, postVisit(request, post, visit), context), post);
    case "GET": {
      requireStream(request);
      const lastEventId = request.headers.get(HEADERS.lastEventId) ?? undefined;
      return guarded(known(await session.get(visit, lastEventId), post), context);
    }
    case "DELETE":
      return (await session.end()) ? new Response(null, { status: 204 }) : notFound(post);
    default:
      throw new GatewayError("method_not_allowed", "Use POST, GET or DELETE.");
  }
}

async function open(
  request: Request,
  post: Post | undefined,
  visit: Visit,
  owner: { principalId: string; serverId: string },
  context: McpContext,
): Promise<Response> {
  const name = crypto.randomUUID();
  if (request.method === "GET") {
    requireStream(request);
    const endpoint = new URL(request.url);
    endpoint.searchParams.set(QUERY, await context.sessionIds.seal(owner, name));
    const path = endpoint.pathname + endpoint.search;
    return guarded(await context.sessions(name).openStream(visit, path), context);
  }
  const [message] = post?.messages ?? [];
  const begins = post?.isBatch === false && message?.kind === "request" && message.method === "initialize";
  if (post === undefined || !begins) {
    const text = "Missing Mcp-Session-Id header. Send it, or send initialize first.";
    return errorResponse(400, post?.id ?? null, { code: SESSION_MISSING, message: text });
  }
  const response = await posted(
    context.sessions(name),
    { ...postVisit(request, post, visit), begins: true },
    context,
  );
  const headers = new Headers(response.headers);
  headers.set(HEADERS.sessionId, await context.sessionIds.seal(owner, name));
  return new Response(response.body, { status: response.status, headers });
}

function postVisit(request: Request, { text, acceptsStream }: Post, visit: Visit): PostVisit {
  const headers = [...readHeaders(request)].filter(([name]) => !CREDENTIAL_HEADERS.has(name));
  return { ...visit, text, acceptsStream, begins: false, headers };
}

const CREDENTIAL_HEADERS = new Set(["authorization", "cookie", "x-api-key", "proxy-authorization"]);

/** The object that serves the operations of a POST also records them; the others are recorded here. */
async function posted(session: SessionStub, visit: PostVisit, { record }: McpContext): Promise<Response> {
  const response = await session.post(visit);
  if (!response.headers.has(RECORDED_HEADER)) return response;
  record.delegate();
  const headers = new Headers(response.headers);
  headers.delete(RECORDED_HEADER);
  return new Response(response.body, { status: response.status, headers });
}

function requireStream(request: Request): void {
  if (request.headers.get("accept")?.includes("text/event-stream")) return;
  throw new GatewayError(
    "not_acceptable",
    "GET opens an event stream and requires Accept: text/event-stream.",
  );
}

function known(response: Response, post: Post | undefined): Response {
  return response.status === 404 ? notFound(post) : response;
}

function notFound(post: Post | undefined): Response {
  const message = "Session not found. Send initialize.";
  return errorResponse(404, post?.id ?? null, { code: SESSION_NOT_FOUND, message });
}

/** A stream that may be open for days ends when its caller's key is revoked. */
function guarded(response: Response, context: McpContext): Response {
  if (response.body === null) return response;
  const { readable, writable } = new IdentityTransformStream();
  const over = new AbortController();
  const watch = async () => {
    while (!over.signal.aborted) {
      await sleep(LOOK_MS, over.signal);
      if ((await context.renew()) === undefined) over.abort();
    }
  };
  const piped = response.body.pipeTo(writable, { signal: over.signal }).catch(() => undefined);
  context.background(Promise.all([piped.finally(() => over.abort()), watch()]));
  return new Response(readable, response);
}
