/**
 * One server as it is: what the caller sends goes on byte for byte, what the server answers comes back as a stream.
 * The gateway reads only what it must judge, puts its own credential in place of the caller's, and gives sessions ids
 * that work for their owner alone.
 */
import { GatewayError, UpstreamError } from "../core/errors.ts";
import { errorResponse, gatewayErrorResponse } from "../core/mcp/answers.ts";
import { requestHeaders, responseHeaders } from "../core/mcp/forwarding.ts";
import { classify, classifyBatch } from "../core/mcp/inbound.ts";
import { type Body, type JsonRpcId, readBody } from "../core/mcp/json-rpc.ts";
import { HEADERS } from "../core/mcp/revisions.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import { credentialHeader } from "../upstream/credentials.ts";
import { exchange } from "../upstream/http.ts";
import { readLimited } from "./body.ts";
import type { McpContext } from "./context.ts";
import { earlyStream } from "./early-stream.ts";
import { openStream, relay, within } from "./streams.ts";

/** Session ids of the protocol end with this error (and status 404), and clients then begin anew. */
const SESSION_NOT_FOUND = -32001;

export async function passThrough(
  request: Request,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const read = request.method === "POST" ? await readPost(request, context.maxBodyBytes) : NO_BODY;
  if (read instanceof Response) return read;
  try {
    return await forward(request, read, server, context);
  } catch (error) {
    if (error instanceof UpstreamError) return gatewayErrorResponse(read.id, error);
    throw error;
  }
}

interface ReadPost {
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly id: JsonRpcId | null;
  /** The caller takes event streams, and the answer's status and headers tell nothing that its body does not. */
  readonly mayAnswerEarly: boolean;
}

const NO_BODY: ReadPost = { bytes: undefined, id: null, mayAnswerEarly: false };
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

async function readPost(request: Request, limit: number): Promise<ReadPost | Response> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get("content-type") ?? "")) {
    return gatewayErrorResponse(
      null,
      new GatewayError("unsupported_media_type", "Send JSON-RPC as application/json."),
    );
  }
  const bytes = await readLimited(request, limit);
  const body = readText(bytes);
  if (body.kind === "invalid") {
    return errorResponse(400, body.id, { code: body.code, message: body.reason });
  }
  const header = (name: string) => request.headers.get(name)?.trim();
  const id = body.kind === "single" && body.message.kind === "request" ? body.message.id : null;
  const inbound = body.kind === "batch" ? classifyBatch(header) : classify(body.message, header);
  if (!inbound.ok) return errorResponse(inbound.rejection.status, id, inbound.rejection);
  const accepted = request.headers.get("accept") ?? "";
  const isCall =
    body.kind === "single" && body.message.kind === "request" && body.message.method !== "initialize";
  return { bytes, id, mayAnswerEarly: isCall && accepted.includes("text/event-stream") };
}

function readText(bytes: Uint8Array): Body {
  try {
    return readBody(decoder.decode(bytes));
  } catch {
    return readBody("");
  }
}

async function forward(
  request: Request,
  read: ReadPost,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const headers = requestHeaders(request.headers);
  const owner = { principalId: context.principal.id, serverId: server.id };
  const session = headers.get(HEADERS.sessionId);
  if (session !== null) {
    const upstreamId = await context.sessionIds.open(owner, session);
    if (upstreamId === undefined) {
      return errorResponse(404, read.id, {
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
      ...(read.bytes !== undefined && { body: read.bytes }),
      ...(credential !== undefined && { credential }),
    },
    context.upstream,
  ).then((response) => answer(response, server, context, hangUp));
  if (!read.mayAnswerEarly) return pending;
  const answered = await within(pending, server.earlyAnswerMs);
  return answered ?? earlyStream({ pending, id: read.id, keepAliveMs: server.keepAliveMs, hangUp, context });
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
