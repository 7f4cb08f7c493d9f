/**
 * One server as it is: what the caller sends goes on byte for byte, what the server answers comes back as a stream.
 * The gateway reads only what it must judge, puts its own credential in place of the caller's, and gives sessions ids
 * that work for their owner alone.
 */
import { GatewayError, UpstreamError } from "../core/errors.ts";
import { errorResponse, gatewayErrorResponse } from "../core/mcp/answers.ts";
import { requestHeaders, responseHeaders } from "../core/mcp/forwarding.ts";
import { HEADERS } from "../core/mcp/revisions.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import { credentialHeader } from "../upstream/credentials.ts";
import { exchange } from "../upstream/http.ts";
import type { McpContext } from "./context.ts";
import { earlyStream } from "./early-stream.ts";
import { type Post, readPost } from "./post.ts";
import { openStream, relay, within } from "./streams.ts";

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

/** The answer's status and headers tell nothing that its body does not, and the caller takes event streams. */
function mayAnswerEarly(post: Post | undefined): boolean {
  const [message] = post?.messages ?? [];
  return (
    post?.acceptsStream === true &&
    post.id !== null &&
    message?.kind === "request" &&
    message.method !== "initialize"
  );
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
      return errorResponse(404, id, {
        code: SESSION_NOT_FOUND,
        message: "Session not found. Initialize anew.",
      });
    }
    headers.set(HEADERS.sessionId, upstreamId);
  }
  const credential = await credentialHeader(context.keyring, server.id, server.auth);
  if (credential === "unreadable") {
    const message = `The credentials of ${server.name} cannot be read. Enter them again.`;
    throw new UpstreamError("upstream_refused", server.name, message);
  }
  const abort = new AbortController();
  const hangUp = () => abort.abort();
  const pending = exchange(
    {
      server: server.name,
      url: server.endpointUrl,
      method: methodOf(request),
      headers,
      firstByteTimeoutMs: server.firstByteTimeoutMs,
      signal: abort.signal,
      ...(post !== undefined && { body: post.bytes }),
      ...(credential !== undefined && { credential }),
    },
    context.upstream,
  ).then((response) => answer(response, server, context, hangUp));
  if (!mayAnswerEarly(post)) return pending;
  const answered = await within(pending, server.earlyAnswerMs);
  return answered ?? earlyStream({ pending, id, keepAliveMs: server.keepAliveMs, hangUp, context });
}

function methodOf(request: Request): "GET" | "POST" | "DELETE" {
  if (request.method === "POST" || request.method === "GET" || request.method === "DELETE")
    return request.method;
  throw new GatewayError("method_not_allowed", "Use POST, GET or DELETE.");
}

async function answer(
  response: Response,
  server: SnapshotServer,
  context: McpContext,
  hangUp: () => void,
): Promise<Response> {
  if (response.status === 401 || response.status === 403) {
    // Ours was the proof that was refused. Passed on, it would send the client off to sign in with a stranger.
    await response.body?.cancel();
    const message = `${server.name} refused the gateway's credentials. Ask whoever registered it to renew them.`;
    throw new UpstreamError("upstream_refused", server.name, message);
  }
  const headers = responseHeaders(response.headers);
  const session = headers.get(HEADERS.sessionId);
  if (session !== null) {
    const owner = { principalId: context.principal.id, serverId: server.id };
    headers.set(HEADERS.sessionId, await context.sessionIds.seal(owner, session));
  }
  if (response.body === null || !isEventStream(response)) {
    return new Response(response.body, { status: response.status, headers });
  }
  const { readable, writer } = openStream();
  const times = { keepAliveMs: server.keepAliveMs, silenceMs: server.idleTimeoutMs };
  context.background(relay(response.body, writer, times, hangUp));
  return new Response(readable, { status: response.status, headers });
}

const isEventStream = (response: Response) =>
  response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") === true;
