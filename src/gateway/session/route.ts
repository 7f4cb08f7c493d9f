/** A legacy client's request on its way to the server that has its target, and the answer on its way back. */
import { NotFoundError, ProtocolError } from "../../core/errors.ts";
import { RESOURCE_NOT_FOUND } from "../../core/mcp/eras.ts";
import { selectContextHeaders } from "../../core/mcp/header-filter.ts";
import { INVALID_PARAMS, type JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { getTarget, type RequestTarget, setTarget } from "../../core/mcp/rewrite.ts";
import { TimerSet } from "../../core/timers.ts";
import { trackActive } from "../active.ts";
import { type Found, find, mayUse, unknownTarget } from "../aggregate/calls.ts";
import { type Scope, scopeOf } from "../aggregate/catalogue.ts";
import { outwardFrom } from "../aggregate/outward.ts";
import {
  candidateAt,
  isRepeatableAt,
  type PlacedCandidate,
  type RoutableCall,
  selectionFor,
} from "../aggregate/routing.ts";
import type { StateOwner } from "../aggregate/seals.ts";
import { judgeMessage } from "../context/call-outcome.ts";
import type { McpContext } from "../context.ts";
import type { UpstreamAttempt } from "../pipeline/attempt.ts";
import { callUpstream } from "../pipeline/call-upstream.ts";
import type { Exchange } from "./peer.ts";
import type { Session } from "./session.ts";

const TARGETED = new Set([
  "tools/call",
  "prompts/get",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "completion/complete",
  "tasks/get",
  "tasks/result",
  "tasks/cancel",
]);

const WATCHES = new Set(["resources/subscribe", "resources/unsubscribe"]);

/** What the session has begun at a server stays there. */
const BOUND = new Set([
  "resources/subscribe",
  "resources/unsubscribe",
  "tasks/get",
  "tasks/result",
  "tasks/cancel",
]);

/** `undefined` for methods that no server here knows. */
export async function routeRequest(
  message: JsonObject,
  exchange: Exchange,
  session: Session,
  context: McpContext,
): Promise<JsonObject | undefined> {
  const scope = scopeOf(context.tenant, session.state.serverName);
  const method = String(getMember(message, "method"));
  const call = { message, method, exchange, session, scope, context };
  if (!TARGETED.has(method)) return toOnly(call);
  const target = getTarget(message);
  if (target === undefined) {
    throw new ProtocolError("bad_request", {
      code: INVALID_PARAMS,
      message: "Missing target in params.",
    });
  }
  const found = await find(target, scope, context);
  if (found === undefined) throw unknownTarget(target, "not_found", RESOURCE_NOT_FOUND);
  return WATCHES.has(method) ? watch(target, found, call) : toServer(target, found, call);
}

/** One request of the client's in its session. */
interface SessionCall {
  readonly message: JsonObject;
  readonly method: string;
  readonly exchange: Exchange;
  readonly session: Session;
  readonly scope: Scope;
  readonly context: McpContext;
}

async function toServer(
  target: RequestTarget | undefined,
  found: Found,
  call: SessionCall,
): Promise<JsonObject> {
  const { place, tables } = found;
  const { message, method, exchange, session, scope, context } = call;
  const operation = context.record.operation(exchange.id);
  const { headers } = exchange;
  const client = clientName(session);
  const routable: RoutableCall = { method, message, headers, client, place, tables };
  const isRouted = target !== undefined && scope.isWhole && !BOUND.has(method);
  const { server } = place.offer;
  const about = { server: server.name, method, target: place.own || undefined };
  const untrack = trackActive(about, context, { alarms: new TimerSet(), cancel: exchange.cancel });
  try {
    return await callUpstream<PlacedCandidate, JsonObject>(
      {
        method,
        operations: operation === undefined ? [] : [operation],
        preferred: candidateAt(place),
        selection: isRouted ? selectionFor(routable, context) : undefined,
        ...(!BOUND.has(method) && {
          isRepeatable: (candidate: PlacedCandidate, neverSent: boolean) =>
            isRepeatableAt(routable, candidate.place, neverSent),
        }),
        isAllowed: (candidate) => target === undefined || mayUse(candidate.place, target, tables, context),
        refuse: (code) =>
          target === undefined ? new NotFoundError() : unknownTarget(target, code, RESOURCE_NOT_FOUND),
        takesSlot: true,
        signal: exchange.signal,
        send: (candidate, attempt) => sendToPeer(candidate, attempt, found, call),
      },
      context,
    );
  } finally {
    untrack();
  }
}

async function sendToPeer(
  { place }: PlacedCandidate,
  attempt: UpstreamAttempt,
  { tables }: Found,
  { message, method, exchange, session, context }: SessionCall,
): Promise<JsonObject> {
  const { server } = attempt;
  const operation = context.record.operation(exchange.id);
  if (server.payloads !== undefined) {
    operation?.keepPayload(stringifyLossless(message), context.requestId, server.payloads);
  }
  const owner: StateOwner = {
    principalId: context.principal.id,
    serverId: server.id,
    method,
    own: place.own,
  };
  const outward = outwardFrom(owner, server.name, tables, context);
  // One after the other, so that what was said before the answer is passed on before it.
  let notified: Promise<void> = Promise.resolve();
  const headers = selectContextHeaders(exchange.headers);
  if (attempt.traceparent !== undefined) headers.set("traceparent", attempt.traceparent);
  const translated: Exchange = {
    ...exchange,
    headers,
    notify(notification) {
      notified = notified.then(async () => exchange.notify(await outward(notification)));
    },
  };
  const peer = await session.peers.to(place.offer, tables, context);
  if (WATCHES.has(method) && !session.peers.isLegacy(peer)) {
    // A modern server is told by a subscription of the gateway's own.
    attempt.succeed({ success: true }, 200);
    return { jsonrpc: "2.0", id: exchange.id, result: {} };
  }
  const response = await peer.request(setTarget(message, place.own), translated);
  attempt.headReceived();
  await notified;
  const text = server.payloads === undefined ? undefined : stringifyLossless(response);
  attempt.succeed(judgeMessage(response), 200, text);
  return outward(response);
}

function clientName({ state }: Session): string | undefined {
  const name = getMember(state.client?.clientInfo, "name");
  return typeof name === "string" ? name : undefined;
}

/** The session remembers what is watched, for servers that forget it and for those that were never told. */
async function watch(target: RequestTarget, found: Found, call: SessionCall): Promise<JsonObject> {
  const { method, session, context } = call;
  const { state } = session;
  const uri = target.value;
  const others = state.watched.filter((watched) => watched !== uri);
  const response = await toServer(target, found, call);
  if ("error" in response) return response;
  state.watched = method === "resources/subscribe" ? [...others, uri] : others;
  session.save();
  session.attend(context);
  return response;
}

/** If there is one server only, it is sent what is unknown here. */
async function toOnly(call: SessionCall): Promise<JsonObject | undefined> {
  const { scope, context } = call;
  const { tables } = await context.catalogue.known(scope, context);
  const [offer] = tables.offers;
  if (scope.servers.length !== 1 || offer === undefined) return undefined;
  return toServer(undefined, { place: { offer, own: "" }, tables }, call);
}
