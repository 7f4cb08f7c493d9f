/** Reads a request's body, records and charges the operations in it, and selects who serves it. */
import { GatewayError, NotFoundError } from "../core/errors.ts";
import { INVALID_REQUEST } from "../core/mcp/json-rpc.ts";
import { getQuery } from "../core/net/request-url.ts";
import { TimerSet } from "../core/timers.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import type { McpContext } from "./context/context.ts";
import type { TargetRejection } from "./context/enter-target.ts";
import { chargeBatch } from "./pipeline/charge-limits.ts";
import { mayMismatch } from "./proxy/era-mismatch.ts";
import { passThrough, translateMismatch } from "./proxy/pass-through.ts";
import { serveAggregate } from "./proxy/serve-aggregate.ts";
import { readCountedPost } from "./request/body.ts";
import { InvalidPostError, listSubjects, type McpPost, readSubject } from "./request/mcp-post.ts";

/**
 * Sends the post if it is an ordinary call: fast-path/plain-call.ts, and aggregated-call.ts if the URL names no server.
 * The timers are those of the request so far.
 */
type SendPlain = (
  post: McpPost,
  server: SnapshotServer | undefined,
  timers: TimerSet,
) => Promise<Response> | undefined;

export async function dispatch(
  request: Request,
  context: McpContext,
  onRead: (post: McpPost) => void,
  sendPlain?: SendPlain,
): Promise<Response> {
  const { target, refusal } = context;
  // What the caller cannot reach is refused before the body is read.
  if (refusal !== undefined) await rejectTarget(request, refusal, context);
  const { serverName } = target;
  const server = serverName === undefined ? undefined : await findServer(request, serverName, context);
  const timers = new TimerSet();
  const post = request.method === "POST" ? await readPost(request, context, timers, onRead) : undefined;
  const plain = post && sendPlain?.(post, server, timers);
  if (plain !== undefined) {
    const response = await plain;
    if (server === undefined || !mayMismatch(response)) return response;
    return translateMismatch(response, request, post, server, context);
  }
  timers.clear();
  return server === undefined
    ? serveAggregate(request, post, { ...target, isSearched: isSearchMode(request) }, context)
    : passThrough(request, post, server, context);
}

async function readPost(
  request: Request,
  context: McpContext,
  timers: TimerSet,
  onRead: (post: McpPost) => void,
): Promise<McpPost> {
  try {
    const post = await readCountedPost(request, context, timers);
    onRead(post);
    rejectLongBatch(post);
    context.record.declare(listSubjects(post.messages));
    if (post.isBatch) await chargeBatch(context.record.operations.length, context);
    return post;
  } catch (error) {
    timers.clear();
    throw error;
  }
}

/** By the query of the URL, which a session's first request decides for the session. */
function isSearchMode({ url }: Request): boolean {
  const mode = getQuery(url)?.get("mode") ?? "list";
  if (mode === "list" || mode === "search") return mode === "search";
  throw new GatewayError("bad_request", "Unknown mode. Use mode=list or mode=search.");
}

async function rejectTarget(
  request: Request,
  { error, denial }: TargetRejection,
  { record }: McpContext,
): Promise<never> {
  if (denial !== undefined) record.recordDenial("access.denied", denial);
  if (request.method === "POST") record.declare([await readSubject(request)]);
  throw error;
}

/** Throws the same error for a server that does not exist and for one that the principal cannot use. */
async function findServer(
  request: Request,
  name: string,
  { tenant, access, record }: McpContext,
): Promise<SnapshotServer> {
  const server = tenant.servers.get(name);
  if (server !== undefined && access.allows("server", server.id, server.name)) return server;
  if (server !== undefined) {
    record.recordDenial("access.denied", `An access rule denies access to server ${server.name}.`, server.id);
  }
  if (request.method === "POST") record.declare([await readSubject(request)]);
  throw new NotFoundError("Server not found, or access denied. Check the URL.");
}

const MAX_BATCH_MESSAGES = 100;

function rejectLongBatch({ messages }: McpPost): void {
  if (messages.length <= MAX_BATCH_MESSAGES) return;
  const message = `A batch must contain at most ${MAX_BATCH_MESSAGES} messages.`;
  throw new InvalidPostError({ code: INVALID_REQUEST, message }, 400, null);
}
