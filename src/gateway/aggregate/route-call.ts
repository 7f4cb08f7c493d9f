/** A request about one thing, brought to the server that has the thing, under the name that it has there. */

import { NotFoundError } from "../../core/errors.ts";
import { selectRequestHeaders } from "../../core/mcp/header-filter.ts";
import { encodeHeaderValue } from "../../core/mcp/inbound.ts";
import { INVALID_PARAMS, type JsonObject } from "../../core/mcp/json-rpc.ts";
import {
  getMember,
  isMembers,
  mapMember,
  mapObject,
  stringifyLossless,
} from "../../core/mcp/lossless-json.ts";
import { buildParamHeaders, checkParamHeaders } from "../../core/mcp/param-headers.ts";
import { resultResponse } from "../../core/mcp/responses.ts";
import { HEADERS, NAMED_BY } from "../../core/mcp/revisions.ts";
import { getTarget, type RequestTarget, setTarget } from "../../core/mcp/rewrite.ts";
import { readHeaders } from "../../core/net/headers.ts";
import type { CatalogScope } from "../catalog/catalog.ts";
import type { NameIndex, ServerItem } from "../catalog/name-index.ts";
import type { McpContext } from "../context/context.ts";
import { forwardCall } from "../forward/forward.ts";
import type { ForwardedCall, PreparedCall } from "../forward/forwarded-call.ts";
import type { Selection } from "../pipeline/upstream-call.ts";
import type { McpPost } from "../request/mcp-post.ts";
import { openRequestStateValue, type StateOwner } from "./request-state.ts";
import { canUse, invalidParams, resolveTarget, unknownTarget } from "./resolve-target.ts";
import { createEdit } from "./rewrite-response.ts";
import { canRepeat, createSelection, type ItemCandidate, toCandidate } from "./select-candidates.ts";
import { headerMismatch, translateCall } from "./translate-call.ts";

export interface AggregateCall {
  readonly request: Request;
  readonly post: McpPost;
  readonly scope: CatalogScope;
  /** Of the post, to the digit. */
  readonly message: JsonObject;
  /** The client has called `call_tool`: its headers repeat no argument of the tool. */
  readonly isIndirect?: boolean;
}

export async function routeCall(caller: AggregateCall, context: McpContext): Promise<Response> {
  const target = getTarget(caller.message);
  if (target === undefined) throw invalidParams("Missing target in params.");
  const found = await resolveTarget(target, caller.scope, context);
  if (found === undefined) throw unknownTarget(target, "not_found", INVALID_PARAMS);
  if (caller.scope.toolset === undefined)
    return dispatchToServer(caller, found.item, found.tables, target, context);
  const { request, message, post } = caller;
  const headers = readHeaders(request);
  const header = (name: string) => headers.get(name.toLowerCase())?.trim();
  const call = { id: post.id, message, target, ...(caller.isIndirect !== true && { header }) };
  const translated = await translateCall(call, found, context);
  return translated.kind === "result"
    ? resultResponse(post.id, { resultType: "complete", ...translated.result })
    : dispatchToServer({ ...caller, message: translated.message }, found.item, found.tables, target, context);
}

/** For a method without a target, sent to the only server: its HTTP status is the response. */
export function callSoleServer(
  caller: AggregateCall,
  place: ServerItem,
  tables: NameIndex,
  context: McpContext,
): Promise<Response> {
  return sendToServer(caller, { candidate: toCandidate(place), tables, target: undefined }, context);
}

export interface RoutedTarget {
  readonly candidate: ItemCandidate;
  readonly tables: NameIndex;
  /** As the client names it; `undefined` for a method that nothing is known of. */
  readonly target: RequestTarget | undefined;
  readonly selection?: Selection<ItemCandidate> | undefined;
  readonly isRepeatable?: (candidate: ItemCandidate, neverSent: boolean) => boolean;
}

async function dispatchToServer(
  caller: AggregateCall,
  place: ServerItem,
  tables: NameIndex,
  target: RequestTarget,
  context: McpContext,
): Promise<Response> {
  const { message, request, scope } = caller;
  const method = getMethod(message);
  const fixed: RoutedTarget = { candidate: toCandidate(place), tables, target };
  if (hasParam(message, "taskId")) return sendToServer(caller, fixed, context);
  const routable = { method, message, headers: readHeaders(request), item: place, tables };
  // The address of one server names it: rules are for what all servers offer together.
  const selection = scope.isWhole ? createSelection(routable, context) : undefined;
  // What a server has begun only that server can go on with.
  if (hasParam(message, "requestState")) {
    const candidate = await findStickyServer(fixed.candidate, selection?.targets ?? [], caller, context);
    return sendToServer(caller, { ...fixed, candidate }, context);
  }
  const isRepeatable = (candidate: ItemCandidate, neverSent: boolean) =>
    canRepeat(routable, candidate.item, neverSent);
  return sendToServer(caller, { ...fixed, selection, isRepeatable }, context);
}

const getMethod = (message: JsonObject) => String(getMember(message, "method"));

function hasParam(message: JsonObject, member: string): boolean {
  const params = getMember(message, "params");
  return isMembers(params) && member in params;
}

/** The server whose state it is; the first where it is none's, which then rejects it. */
async function findStickyServer(
  first: ItemCandidate,
  others: readonly ItemCandidate[],
  { message }: AggregateCall,
  context: McpContext,
): Promise<ItemCandidate> {
  for (const candidate of [first, ...others]) {
    const owner = stateOwner(message, candidate.item, context);
    if ((await openRequestState(message, owner, context)) !== undefined) return candidate;
  }
  return first;
}

function stateOwner(
  message: JsonObject,
  { inventory, upstreamName }: ServerItem,
  { principal }: McpContext,
): StateOwner {
  return {
    principalId: principal.id,
    serverId: inventory.server.id,
    method: getMethod(message),
    own: upstreamName,
  };
}

function sendToServer(caller: AggregateCall, routed: RoutedTarget, context: McpContext): Promise<Response> {
  const { tables, target } = routed;
  const call = describeRoutedCall(getMethod(caller.message), caller.post, routed, context);
  const prepareFor = ({ item }: ItemCandidate) =>
    prepare(caller, item, tables, target === undefined, context);
  return forwardCall<ItemCandidate>({ ...call, sent: caller.message, prepare: prepareFor }, context);
}

export function describeRoutedCall(
  method: string,
  post: McpPost,
  { candidate, tables, target, selection, isRepeatable }: RoutedTarget,
  context: McpContext,
): Omit<ForwardedCall<ItemCandidate>, "prepare"> {
  return {
    method,
    operations: context.record.operations,
    preferred: candidate,
    selection,
    ...(isRepeatable !== undefined && { isRepeatable }),
    isAllowed: ({ item }) => target === undefined || canUse(item, target, tables, context),
    deny: (code) =>
      target === undefined ? new NotFoundError() : unknownTarget(target, code, INVALID_PARAMS),
    client: { post },
    canDefer: post.acceptsStream && target !== undefined,
    isPermitted: async () => (await context.renew()) !== undefined,
  };
}

async function prepare(
  caller: AggregateCall,
  place: ServerItem,
  tables: NameIndex,
  statusTells: boolean,
  context: McpContext,
): Promise<PreparedCall> {
  const { message, post } = caller;
  const method = getMethod(message);
  const owner = stateOwner(message, place, context);
  const own = await openRequestState(setTarget(message, place.upstreamName), owner, context);
  if (own === undefined) throw invalidParams("Invalid requestState.");
  const headers = selectRequestHeaders(readHeaders(caller.request), place.inventory.server.passHeaders);
  headers.delete(HEADERS.sessionId);
  if (NAMED_BY[method] !== undefined) headers.set(HEADERS.name, encodeHeaderValue(place.upstreamName));
  const isTranslated = place.inventory.era === "legacy";
  if (isTranslated && statusTells) headers.set("accept", "application/json");
  if (caller.scope.toolset !== undefined || caller.isIndirect === true) {
    for (const name of [...headers.keys()]) if (name.startsWith("mcp-param-")) headers.delete(name);
    for (const [name, value] of parameterHeaders(caller, place, tables))
      headers.set(name.toLowerCase(), value);
  } else if (isTranslated) {
    const complaint = checkParameters(caller, place, tables);
    if (complaint !== undefined) throw headerMismatch(complaint);
  }
  return {
    method: "POST",
    headers,
    body: stringifyLossless(own),
    id: post.id,
    edit: createEdit(owner, place.inventory.server.name, tables, context),
    isTranslated,
  };
}

/** The headers that repeat arguments, written anew, because a toolset adds arguments that its clients do not send. */
function parameterHeaders(
  { message }: AggregateCall,
  place: ServerItem,
  tables: NameIndex,
): readonly (readonly [string, string])[] {
  const params = getMember(message, "params");
  if (getMember(message, "method") !== "tools/call" || !isMembers(params)) return [];
  return buildParamHeaders(getMember(tables.getTool(place), "inputSchema"), getMember(params, "arguments"));
}

/** A server that does not support these headers cannot compare them with the arguments, so the gateway does. */
function checkParameters(
  { request, message }: AggregateCall,
  place: ServerItem,
  tables: NameIndex,
): string | undefined {
  const params = getMember(message, "params");
  if (getMember(message, "method") !== "tools/call" || !isMembers(params)) return undefined;
  const schema = getMember(tables.getTool(place), "inputSchema");
  return checkParamHeaders(schema, getMember(params, "arguments"), (name) =>
    readHeaders(request).get(name.toLowerCase())?.trim(),
  );
}

/** Only an answer to the gateway's own input request is concerned, which few requests carry. */
async function dropAccountInput(message: JsonObject): Promise<JsonObject> {
  const accounts = await import("../../core/mcp/account-request.ts");
  return accounts.dropAccountInput(message);
}

/** The state as the server gave it. Undefined where what came is not what was given. */
export async function openRequestState(
  message: JsonObject,
  owner: StateOwner,
  context: McpContext,
): Promise<JsonObject | undefined> {
  const params = getMember(message, "params");
  const sealed = isMembers(params) ? getMember(params, "requestState") : undefined;
  const own = isMembers(params) && "inputResponses" in params ? await dropAccountInput(message) : message;
  if (sealed === undefined) return own;
  const state =
    typeof sealed === "string"
      ? await openRequestStateValue(context.keyring, owner, sealed, Date.now())
      : undefined;
  if (state === undefined) return undefined;
  return mapObject(own, "params", (value) => mapMember(value, "requestState", () => state));
}
