/** A request about one thing, brought to the server that has the thing, under the name that it has there. */
import { NotFoundError, ProtocolError, UpstreamError } from "../../core/errors.ts";
import { resolveName } from "../../core/mcp/exposed-names.ts";
import { unwrapUri } from "../../core/mcp/exposed-uris.ts";
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
import type { UnavailableServer } from "../../core/mcp/merge-lists.ts";
import { checkParamHeaders } from "../../core/mcp/param-headers.ts";
import { HEADER_MISMATCH, HEADERS, NAMED_BY } from "../../core/mcp/revisions.ts";
import { getTarget, type RequestTarget, setTarget } from "../../core/mcp/rewrite.ts";
import { readHeaders } from "../../core/net/headers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { McpContext } from "../context.ts";
import { forwardCall, type Prepared } from "../forward/forward.ts";
import type { Selection } from "../pipeline/upstream-call.ts";
import type { Post } from "../post.ts";
import type { Scope } from "./catalogue.ts";
import { outwardEdit } from "./outward.ts";
import { candidateAt, isRepeatableAt, type PlacedCandidate, selectionFor } from "./routing.ts";
import { openState, openTask, type StateOwner } from "./seals.ts";
import { type Place, type Tables, USES } from "./tables.ts";

export interface Caller {
  readonly request: Request;
  readonly post: Post;
  readonly scope: Scope;
  /** Of the post, to the digit. */
  readonly message: JsonObject;
}

const WHAT: Record<RequestTarget["kind"], string> = {
  tool: "Unknown tool",
  prompt: "Unknown prompt",
  resource: "Resource not found",
  template: "Resource not found",
  task: "Task not found",
};

export async function call(caller: Caller, context: McpContext): Promise<Response> {
  const target = getTarget(caller.message);
  if (target === undefined) throw invalidParams("Missing target in params.");
  const found = await find(target, caller.scope, context);
  if (found === undefined) throw unknownTarget(target, "not_found", INVALID_PARAMS);
  return callAt(caller, found.place, found.tables, target, context);
}

export interface Found {
  readonly place: Place;
  readonly tables: Tables;
}

/** Only where nobody known has it is it worth waiting for servers that nothing is known of. */
export async function find(
  target: RequestTarget,
  scope: Scope,
  context: McpContext,
): Promise<Found | undefined> {
  const { catalogue } = context;
  const known = await catalogue.known(scope, context);
  const place = await placeIn(known.tables, target, context);
  if (place !== undefined || known.gaps.length === 0) return place && { place, tables: known.tables };
  const meant = await candidates(target, scope, context);
  const { tables, gaps } = await catalogue.complete(scope, context, meant);
  const late = await placeIn(tables, target, context);
  if (late === undefined) refuseUnheard(meant, gaps, context);
  return late && { place: late, tables };
}

/** What only one server can have, and nobody can say whether it has: that server is the trouble, not the name. */
function refuseUnheard(
  [only, another]: readonly SnapshotServer[],
  gaps: readonly UnavailableServer[],
  { access }: McpContext,
): void {
  if (only === undefined || another !== undefined || !access.allows("server", only.id, only.name)) return;
  const gap = gaps.find(({ server }) => server === only.name);
  if (gap === undefined || gap.stale) return;
  const message = `Server ${only.name} ${gap.reason}. Retry later.`;
  throw new UpstreamError("upstream_unreachable", only.name, message);
}

/** A name that says whose it is need not wait for others. One that does not may be claimed by whoever is heard last. */
async function candidates(
  { kind, value }: RequestTarget,
  { servers, naming }: Scope,
  context: McpContext,
): Promise<readonly SnapshotServer[]> {
  const names = () => servers.map(({ name }) => name);
  const named =
    kind === "task"
      ? await openTask(context.keyring, context.principal.id, value)
      : kind === "tool" || kind === "prompt"
        ? resolveName(value, names(), naming.separator)
        : unwrapUri(value);
  return named === undefined ? servers : servers.filter(({ name }) => name === named.server);
}

/** For a method that names nothing and leads to the only server there is: its HTTP status tells what it makes of it. */
export function callOnly(
  caller: Caller,
  place: Place,
  tables: Tables,
  context: McpContext,
): Promise<Response> {
  return forward(caller, { candidate: candidateAt(place), tables, target: undefined }, context);
}

interface Routed {
  readonly candidate: PlacedCandidate;
  readonly tables: Tables;
  /** As the client names it; `undefined` for a method that nothing is known of. */
  readonly target: RequestTarget | undefined;
  readonly selection?: Selection<PlacedCandidate> | undefined;
  readonly isRepeatable?: (candidate: PlacedCandidate, neverSent: boolean) => boolean;
}

async function callAt(
  caller: Caller,
  place: Place,
  tables: Tables,
  target: RequestTarget,
  context: McpContext,
): Promise<Response> {
  const { message, request, scope } = caller;
  const method = methodOf(message);
  const fixed: Routed = { candidate: candidateAt(place), tables, target };
  if (hasParam(message, "taskId")) return forward(caller, fixed, context);
  const routable = { method, message, headers: readHeaders(request), place, tables };
  // The address of one server names it: rules are for what all servers offer together.
  const selection = scope.isWhole ? selectionFor(routable, context) : undefined;
  // What a server has begun only that server can go on with.
  if (hasParam(message, "requestState")) {
    const candidate = await beganAt(fixed.candidate, selection?.targets ?? [], caller, context);
    return forward(caller, { ...fixed, candidate }, context);
  }
  const isRepeatable = (candidate: PlacedCandidate, neverSent: boolean) =>
    isRepeatableAt(routable, candidate.place, neverSent);
  return forward(caller, { ...fixed, selection, isRepeatable }, context);
}

const methodOf = (message: JsonObject) => String(getMember(message, "method"));

function hasParam(message: JsonObject, member: string): boolean {
  const params = getMember(message, "params");
  return isMembers(params) && member in params;
}

/** The server whose state it is; the first where it is none's, which then says so. */
async function beganAt(
  first: PlacedCandidate,
  others: readonly PlacedCandidate[],
  { message }: Caller,
  context: McpContext,
): Promise<PlacedCandidate> {
  for (const candidate of [first, ...others]) {
    const owner = ownerOf(message, candidate.place, context);
    if ((await withOwnState(message, owner, context)) !== undefined) return candidate;
  }
  return first;
}

function ownerOf(message: JsonObject, { offer, own }: Place, { principal }: McpContext): StateOwner {
  return { principalId: principal.id, serverId: offer.server.id, method: methodOf(message), own };
}

function forward(caller: Caller, routed: Routed, context: McpContext): Promise<Response> {
  const { candidate, tables, target, selection, isRepeatable } = routed;
  const { post } = caller;
  return forwardCall<PlacedCandidate>(
    {
      method: methodOf(caller.message),
      operations: context.record.operations,
      preferred: candidate,
      selection,
      ...(isRepeatable !== undefined && { isRepeatable }),
      isAllowed: ({ place }) => target === undefined || mayUse(place, target, tables, context),
      refuse: (code) =>
        target === undefined ? new NotFoundError() : unknownTarget(target, code, INVALID_PARAMS),
      prepare: ({ place }) => prepare(caller, place, tables, target === undefined, context),
      mayAnswerEarly: post.acceptsStream && target !== undefined,
      isPermitted: async () => (await context.renew()) !== undefined,
    },
    context,
  );
}

async function prepare(
  caller: Caller,
  place: Place,
  tables: Tables,
  statusTells: boolean,
  context: McpContext,
): Promise<Prepared> {
  const { message, post } = caller;
  const method = methodOf(message);
  const owner = ownerOf(message, place, context);
  const own = await withOwnState(setTarget(message, place.own), owner, context);
  if (own === undefined) throw invalidParams("Invalid requestState.");
  const headers = selectRequestHeaders(readHeaders(caller.request));
  headers.delete(HEADERS.sessionId);
  if (NAMED_BY[method] !== undefined) headers.set(HEADERS.name, encodeHeaderValue(place.own));
  const isTranslated = place.offer.era === "legacy";
  if (isTranslated && statusTells) headers.set("accept", "application/json");
  const complaint = isTranslated ? checkParameters(caller, place, tables) : undefined;
  if (complaint !== undefined) {
    throw new ProtocolError("bad_request", { code: HEADER_MISMATCH, message: complaint }, 400);
  }
  return {
    method: "POST",
    headers,
    body: stringifyLossless(own),
    id: post.id,
    edit: outwardEdit(owner, place.offer.server.name, tables, context),
    isTranslated,
  };
}

/** A server that knows nothing of these headers cannot hold them against the arguments, so it is done for it. */
function checkParameters({ request, message }: Caller, place: Place, tables: Tables): string | undefined {
  const params = getMember(message, "params");
  if (getMember(message, "method") !== "tools/call" || !isMembers(params)) return undefined;
  const schema = getMember(tables.toolAt(place), "inputSchema");
  return checkParamHeaders(schema, getMember(params, "arguments"), (name) =>
    readHeaders(request).get(name.toLowerCase())?.trim(),
  );
}

async function placeIn(
  tables: Tables,
  target: RequestTarget,
  context: McpContext,
): Promise<Place | undefined> {
  const place = target.kind === "task" ? await placeOfTask(tables, target, context) : tables.place(target);
  if (place === undefined) return undefined;
  // As it is now: what it offers may be known from before its credentials or its times were changed.
  const server = context.tenant.servers.get(place.offer.server.name);
  return server && { ...place, offer: { ...place.offer, server } };
}

export function mayUse(
  place: Place,
  { kind }: RequestTarget,
  tables: Tables,
  { access }: McpContext,
): boolean {
  const { server } = place.offer;
  return kind === "task"
    ? access.allows("server", server.id, server.name)
    : tables.allows(USES[kind], place, access);
}

async function placeOfTask(
  tables: Tables,
  target: RequestTarget,
  context: McpContext,
): Promise<Place | undefined> {
  const task = await openTask(context.keyring, context.principal.id, target.value);
  const offer = task && tables.byName(task.server);
  return task && offer && { offer, own: task.taskId };
}

/** The state as the server gave it. Undefined where what came is not what was given. */
export async function withOwnState(
  message: JsonObject,
  owner: StateOwner,
  context: McpContext,
): Promise<JsonObject | undefined> {
  const params = getMember(message, "params");
  const sealed = isMembers(params) ? getMember(params, "requestState") : undefined;
  if (sealed === undefined) return message;
  const state =
    typeof sealed === "string" ? await openState(context.keyring, owner, sealed, Date.now()) : undefined;
  if (state === undefined) return undefined;
  return mapObject(message, "params", (value) => mapMember(value, "requestState", () => state));
}

/** As a server of one's own would answer: in the message, not by a status. */
export const invalidParams = (message: string) =>
  new ProtocolError("bad_request", { code: INVALID_PARAMS, message });

/** `code` is for the log: callers are not told whether a target is missing or denied. */
export function unknownTarget(
  { kind, value }: RequestTarget,
  code: "not_found" | "forbidden",
  resourceCode: number,
): ProtocolError {
  const isResource = kind === "resource" || kind === "template";
  const message = `${WHAT[kind]}: ${value.slice(0, 200)}`;
  return new ProtocolError(
    code,
    isResource ? { code: resourceCode, message, data: { uri: value } } : { code: INVALID_PARAMS, message },
  );
}
