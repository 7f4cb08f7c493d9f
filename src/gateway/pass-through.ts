/**
 * One server as it is: what the caller sends goes on byte for byte, what the server answers comes back as a stream.
 * The gateway reads only what it must judge, puts its own credential in place of the caller's, and gives sessions ids
 * that work for their owner alone. Where the server turns out not to speak the caller's era, it is translated instead.
 */

import { GatewayError, NotFoundError, type ProtocolError } from "../core/errors.ts";
import { selectRequestHeaders } from "../core/mcp/header-filter.ts";
import { encodeHeaderValue } from "../core/mcp/inbound.ts";
import type { Message } from "../core/mcp/json-rpc.ts";
import { HEADERS } from "../core/mcp/revisions.ts";
import { readHeaders } from "../core/net/headers.ts";
import { getQuery } from "../core/net/request-url.ts";
import type { SnapshotServer } from "../policy/snapshot.ts";
import { sealingEdit } from "./aggregate/outward.ts";
import { aggregate } from "./aggregate/serve.ts";
import { openBoundValues } from "./bound-values.ts";
import type { McpContext } from "./context.ts";
import type { Edit } from "./edit.ts";
import { isForeignToServer } from "./foreign.ts";
import { forwardCall, type Prepared } from "./forward/forward.ts";
import { batchRefusal, listEdit, refusedMessages } from "./permitted.ts";
import { idsIn, type Post } from "./post.ts";

export async function passThrough(
  request: Request,
  post: Post | undefined,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const translated = () => aggregate(request, post, server.name, context);
  const only = context.eras.onlyEraOf(server);
  if (only !== undefined && mustTranslate(request, post, only, server)) return translated();
  const refused = await refusedMessages(post, server, context);
  const answer = batchRefusal(post, refused, server, context);
  if (answer !== undefined) return answer;
  const session = await sessionOf(request, server, context);
  // Not one of the server's own: one of ours perhaps, from when it was found not to speak the client's era.
  if (session === undefined) return translated();
  const response = await forward(request, { post, refused, session }, server, context);
  return (await isForeignToServer(response, request, post, server, context)) ? translated() : response;
}

function mustTranslate(
  request: Request,
  post: Post | undefined,
  only: "legacy" | "modern",
  server: SnapshotServer,
): boolean {
  // A legacy server of another transport cannot be passed through to anybody.
  if (server.transport !== "http") return true;
  if (post === undefined) return only === "modern" && readHeaders(request).has(HEADERS.sessionId);
  return post.era !== only;
}

/** The upstream's own session id; null where the caller names none, undefined where it is none of this server's. */
async function sessionOf(
  request: Request,
  server: SnapshotServer,
  context: McpContext,
): Promise<string | null | undefined> {
  if (getQuery(request.url)?.has("sessionId") === true) return undefined;
  const session = readHeaders(request).get(HEADERS.sessionId);
  if (session === undefined) return null;
  return context.sessionIds.open({ principalId: context.principal.id, serverId: server.id }, session);
}

interface Passed {
  readonly post: Post | undefined;
  readonly refused: ReadonlyMap<Message, ProtocolError>;
  readonly session: string | null;
}

function forward(
  request: Request,
  { post, refused, session }: Passed,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const { operations } = context.record;
  const [operation, another] = operations;
  const target = another === undefined ? operation?.target : undefined;
  const [denial] = refused.values();
  return forwardCall(
    {
      method: operation?.method ?? request.method,
      operations,
      preferred: { server, own: target ?? "" },
      isAllowed: () => denial === undefined,
      refuse: () => denial ?? new NotFoundError(),
      prepare: () => prepare(request, post, session, server, context),
      mayAnswerEarly: mayAnswerEarly(post),
      isPermitted: async () => (await context.renew()) !== undefined,
    },
    context,
  );
}

async function prepare(
  request: Request,
  post: Post | undefined,
  session: string | null,
  server: SnapshotServer,
  context: McpContext,
): Promise<Prepared> {
  const headers = selectRequestHeaders(readHeaders(request));
  if (session !== null) headers.set(HEADERS.sessionId, session);
  const owner = { principalId: context.principal.id, serverId: server.id };
  const opened = post && (await openBoundValues(post, server, context));
  if (opened?.own !== undefined && headers.has(HEADERS.name)) {
    headers.set(HEADERS.name, encodeHeaderValue(opened.own));
  }
  return {
    method: methodOf(request),
    headers,
    id: post?.id ?? null,
    ...(post?.isBatch === true && { batchIds: idsIn(post) }),
    ...(post !== undefined && { body: opened?.body ?? post.bytes }),
    edit: editFor(post, server, context),
    async finishHeaders(answered) {
      const opened = answered.get(HEADERS.sessionId);
      if (opened !== undefined) answered.set(HEADERS.sessionId, await context.sessionIds.seal(owner, opened));
    },
  };
}

/** Lists are filtered; tasks and request state are sealed to the principal. */
function editFor(post: Post | undefined, server: SnapshotServer, context: McpContext): Edit {
  const [operation] = context.record.operations;
  const isTask = operation?.method.startsWith("tasks/") === true;
  const owner = {
    principalId: context.principal.id,
    serverId: server.id,
    method: operation?.method ?? "",
    own: isTask ? "" : (operation?.target ?? ""),
  };
  const seal = sealingEdit(owner, server.name, context);
  const filter = listEdit(post, server, context);
  return filter === undefined ? seal : async (text) => seal(await filter(text));
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
