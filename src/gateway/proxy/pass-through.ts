/**
 * One server as it is: what the caller sends goes on byte for byte, what the server answers comes back as a stream.
 * The gateway reads only what it must judge, puts its own credential in place of the caller's, and gives sessions ids
 * that work for their owner alone. Where the server turns out not to support the caller's era, the call is translated instead.
 */

import { GatewayError, NotFoundError, type ProtocolError } from "../../core/errors.ts";
import { selectRequestHeaders } from "../../core/mcp/header-filter.ts";
import { encodeHeaderValue } from "../../core/mcp/inbound.ts";
import type { Message } from "../../core/mcp/json-rpc.ts";
import { HEADERS } from "../../core/mcp/revisions.ts";
import { readHeaders } from "../../core/net/headers.ts";
import { getQuery } from "../../core/net/request-url.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { createSealingEdit } from "../aggregate/rewrite-response.ts";
import type { McpContext } from "../context/context.ts";
import { forwardCall } from "../forward/forward.ts";
import type { AnswerTerms, ForwardedCall, PreparedCall } from "../forward/forwarded-call.ts";
import type { Candidate } from "../pipeline/upstream-call.ts";
import { listIds, type McpPost } from "../request/mcp-post.ts";
import type { EventTransform } from "../sse/transform.ts";
import { createListEdit, denyBatch, listDenied } from "./access-filter.ts";
import { openBoundValues } from "./bound-values.ts";
import { detectEraMismatch } from "./era-mismatch.ts";
import { serveAggregate } from "./serve-aggregate.ts";

export async function passThrough(
  request: Request,
  post: McpPost | undefined,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const translated = () => serveAggregate(request, post, { serverName: server.name }, context);
  const only = context.eras.getOnlyEra(server);
  if (only !== undefined && needsBridge(request, post, only, server)) return translated();
  const denied = await listDenied(post, server, context);
  const answer = denyBatch(post, denied, server, context);
  if (answer !== undefined) return answer;
  const session = await findSession(request, server, context);
  // Not one of the server's own: one of ours perhaps, from when it was found not to support the client's era.
  if (session === undefined) return translated();
  const response = await forward(request, { post, denied, session }, server, context);
  return translateMismatch(response, request, post, server, context);
}

/** The response, unless it shows that the server does not support the era of the request. */
export async function translateMismatch(
  response: Response,
  request: Request,
  post: McpPost | undefined,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const isMismatch = await detectEraMismatch(response, request, post, server, context);
  return isMismatch ? serveAggregate(request, post, { serverName: server.name }, context) : response;
}

function needsBridge(
  request: Request,
  post: McpPost | undefined,
  only: "legacy" | "modern",
  server: SnapshotServer,
): boolean {
  // A legacy server with another transport cannot be passed through.
  if (server.transport !== "http") return true;
  if (post === undefined) return only === "modern" && readHeaders(request).has(HEADERS.sessionId);
  return post.era !== only;
}

/** The upstream's own session id; null where the caller names none, undefined where it is none of this server's. */
async function findSession(
  request: Request,
  server: SnapshotServer,
  context: McpContext,
): Promise<string | null | undefined> {
  if (getQuery(request.url)?.has("sessionId") === true) return undefined;
  const session = readHeaders(request).get(HEADERS.sessionId);
  if (session === undefined) return null;
  return context.sessionIds.open({ principalId: context.principal.id, serverId: server.id }, session);
}

export interface PassThroughCall {
  readonly post: McpPost | undefined;
  readonly denied: ReadonlyMap<Message, ProtocolError>;
  readonly session: string | null;
}

function forward(
  request: Request,
  passed: PassThroughCall,
  server: SnapshotServer,
  context: McpContext,
): Promise<Response> {
  const { post } = passed;
  const call = describePassedCall(request, passed, server, context);
  const prepare = async () =>
    preparePassed(request, passed, server, context, post && (await openBoundValues(post, server, context)));
  return forwardCall({ ...call, prepare }, context);
}

export function describePassedCall(
  request: Request,
  { post, denied }: PassThroughCall,
  server: SnapshotServer,
  context: McpContext,
): Omit<ForwardedCall<Candidate>, "prepare"> {
  const { operations } = context.record;
  const [operation, another] = operations;
  const target = another === undefined ? operation?.target : undefined;
  const [denial] = denied.values();
  return {
    method: operation?.method ?? request.method,
    operations,
    preferred: { server, upstreamName: target ?? "" },
    isAllowed: () => denial === undefined,
    deny: () => denial ?? new NotFoundError(),
    client: { post },
    canDefer: canDefer(post),
    isPermitted: async () => (await context.renew()) !== undefined,
  };
}

/** `opened`: the body with the server's own values, where the caller's holds sealed ones. */
function preparePassed(
  request: Request,
  { post, session }: PassThroughCall,
  server: SnapshotServer,
  context: McpContext,
  opened?: Awaited<ReturnType<typeof openBoundValues>>,
): PreparedCall {
  const headers = selectRequestHeaders(readHeaders(request), server.passHeaders);
  if (session !== null) headers.set(HEADERS.sessionId, session);
  if (opened?.own !== undefined && headers.has(HEADERS.name)) {
    headers.set(HEADERS.name, encodeHeaderValue(opened.own));
  }
  return {
    headers,
    ...(post !== undefined && { body: opened?.body ?? post.bytes }),
    ...describeAnswer(request, post, server, context),
  };
}

/** What is done to the answer of a server that is passed through. */
export function describeAnswer(
  request: Request,
  post: McpPost | undefined,
  server: SnapshotServer,
  context: McpContext,
): AnswerTerms {
  const owner = { principalId: context.principal.id, serverId: server.id };
  return {
    method: getMethod(request),
    id: post?.id ?? null,
    ...(post?.isBatch === true && { batchIds: listIds(post) }),
    edit: createEdit(post, server, context),
    async finishHeaders(answered) {
      const opened = answered.get(HEADERS.sessionId);
      if (opened !== undefined) answered.set(HEADERS.sessionId, await context.sessionIds.seal(owner, opened));
    },
  };
}

/** Lists are filtered; tasks and request state are sealed to the principal. */
function createEdit(post: McpPost | undefined, server: SnapshotServer, context: McpContext): EventTransform {
  const [operation] = context.record.operations;
  const isTask = operation?.method.startsWith("tasks/") === true;
  const owner = {
    principalId: context.principal.id,
    serverId: server.id,
    method: operation?.method ?? "",
    own: isTask ? "" : (operation?.target ?? ""),
  };
  const seal = createSealingEdit(owner, server.name, context);
  const filter = createListEdit(post, server, context);
  return filter === undefined ? seal : async (text) => seal(await filter(text));
}

/** The response to initialize contains the session that it opened in a header. */
function canDefer(post: McpPost | undefined): boolean {
  const [message] = post?.messages ?? [];
  const isCall = post?.id !== null && message?.kind === "request" && message.method !== "initialize";
  return isCall && post?.acceptsStream === true;
}

function getMethod(request: Request): "GET" | "POST" | "DELETE" {
  const { method } = request;
  if (method === "POST" || method === "GET" || method === "DELETE") return method;
  throw new GatewayError("method_not_allowed", "Use POST, GET or DELETE.");
}
