/**
 * One server as it is: what the caller sends goes on byte for byte, what the server answers comes back as a stream.
 * The gateway reads only what it must judge, puts its own credential in place of the caller's, and gives sessions ids
 * that work for their owner alone.
 */
import { GatewayError, UpstreamError } from "../core/errors.ts";
import { errorResponse, gatewayErrorResponse } from "../core/mcp/answers.ts";
import { requestHeaders } from "../core/mcp/forwarding.ts";
import { HEADERS } from "../core/mcp/revisions.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import type { McpContext } from "./context.ts";
import { travel } from "./leg.ts";
import { type Post, readPost } from "./post.ts";

/** Session ids of the protocol end with this error (and status 404), and clients then begin anew. */
const SESSION_NOT_FOUND = -32001;

export async function passThrough(
  request: Request,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const post = request.method === "POST" ? await readPost(request, context.maxBodyBytes) : undefined;
  if (post instanceof Response) return post;
  try {
    return await forward(request, post, server, context);
  } catch (error) {
    if (error instanceof UpstreamError) return gatewayErrorResponse(post?.id ?? null, error);
    throw error;
  }
}

async function forward(
  request: Request,
  post: Post | undefined,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const id = post?.id ?? null;
  const headers = requestHeaders(request.headers);
  const owner = { principalId: context.principal.id, serverId: server.id };
  const session = headers.get(HEADERS.sessionId);
  if (session !== null) {
    const upstreamId = await context.sessionIds.open(owner, session);
    if (upstreamId === undefined) {
      const message = "Session not found. Initialize anew.";
      return errorResponse(404, id, { code: SESSION_NOT_FOUND, message });
    }
    headers.set(HEADERS.sessionId, upstreamId);
  }
  return travel(
    {
      server,
      method: methodOf(request),
      headers,
      id,
      mayAnswerEarly: mayAnswerEarly(post),
      ...(post !== undefined && { body: post.bytes }),
      async finishHeaders(answered) {
        const opened = answered.get(HEADERS.sessionId);
        if (opened !== null) answered.set(HEADERS.sessionId, await context.sessionIds.seal(owner, opened));
      },
    },
    context,
  );
}

/** The answer to initialize says in a header which session it opened. */
function mayAnswerEarly(post: Post | undefined): boolean {
  const [message] = post?.messages ?? [];
  const isCall = post?.id !== null && message?.kind === "request" && message.method !== "initialize";
  return isCall && post?.acceptsStream === true;
}

function methodOf(request: Request): "GET" | "POST" | "DELETE" {
  const { method } = request;
  if (method === "POST" || method === "GET" || method === "DELETE") return method;
  throw new GatewayError("method_not_allowed", "Use POST, GET or DELETE.");
}
