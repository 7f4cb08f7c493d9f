/** A legacy client's request on its way to the server that has its target, and the answer on its way back. */
import { NotFoundError, ProtocolError } from "../../core/errors.ts";
import { RESOURCE_NOT_FOUND } from "../../core/mcp/eras.ts";
import { selectContextHeaders } from "../../core/mcp/header-filter.ts";
import { INVALID_PARAMS, type JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { getTarget, type RequestTarget, setTarget } from "../../core/mcp/rewrite.ts";
import { STREAM_TOTAL_TIMEOUT_MS } from "../../core/size-limits.ts";
import { TimerSet } from "../../core/timers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { responseTimeout } from "../../upstream/connection/errors.ts";
import type { StateOwner } from "../aggregate/request-state.ts";
import { canUse, type ResolvedTarget, resolveTarget, unknownTarget } from "../aggregate/resolve-target.ts";
import { createResponseRewriter } from "../aggregate/rewrite-response.ts";
import { answerSearch } from "../aggregate/search-mode.ts";
import {
  canRepeat,
  createSelection,
  type ItemCandidate,
  type RoutedCall,
  toCandidate,
} from "../aggregate/select-candidates.ts";
import { translateCall } from "../aggregate/translate-call.ts";
import { type CatalogScope, isSoleServer, resolveScope } from "../catalog/catalog.ts";
import { messageOutcome } from "../context/call-outcome.ts";
import type { McpContext } from "../context/context.ts";
import { trackRequest } from "../pipeline/active-requests.ts";
import type { UpstreamAttempt } from "../pipeline/attempt.ts";
import { callUpstream } from "../pipeline/call-upstream.ts";
import { toolTimeoutMs } from "../pipeline/tool-settings.ts";
import type { PeerExchange, SessionPeer } from "./peer.ts";
import type { ConnectedSession } from "./upstream-peers.ts";

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

const SUBSCRIPTION_METHODS = new Set(["resources/subscribe", "resources/unsubscribe"]);

/** What the session has begun at a server stays there. */
const BOUND = new Set([
  "resources/subscribe",
  "resources/unsubscribe",
  "tasks/get",
  "tasks/result",
  "tasks/cancel",
]);

/** `undefined` for methods that no server supports. */
export async function routeRequest(
  given: JsonObject,
  exchange: PeerExchange,
  session: ConnectedSession,
  context: McpContext,
): Promise<JsonObject | undefined> {
  const scope = resolveScope(context.tenant, session.state);
  const searched = await answerSearch(given, scope, context);
  if (searched?.kind === "result") return { jsonrpc: "2.0", id: exchange.id, result: searched.result };
  const message = searched?.message ?? given;
  const method = String(getMember(message, "method"));
  const call = { message, method, exchange, session, scope, context };
  if (!TARGETED.has(method)) return callSoleServer(call);
  const target = getTarget(message);
  if (target === undefined) {
    throw new ProtocolError("bad_request", {
      code: INVALID_PARAMS,
      message: "Missing target in params.",
    });
  }
  const found = await resolveTarget(target, scope, context);
  if (found === undefined) throw unknownTarget(target, "not_found", RESOURCE_NOT_FOUND);
  if (SUBSCRIPTION_METHODS.has(method)) return subscribe(target, found, call);
  if (scope.toolset === undefined) return callServer(target, found, call);
  const translated = await translateCall({ id: exchange.id, message, target }, found, context);
  return translated.kind === "result"
    ? { jsonrpc: "2.0", id: exchange.id, result: translated.result }
    : callServer(target, found, { ...call, message: translated.message });
}

/** One request of the client's in its session. */
interface RoutedSessionCall {
  readonly message: JsonObject;
  readonly method: string;
  readonly exchange: PeerExchange;
  readonly session: ConnectedSession;
  readonly scope: CatalogScope;
  readonly context: McpContext;
}

async function callServer(
  target: RequestTarget | undefined,
  found: ResolvedTarget,
  call: RoutedSessionCall,
): Promise<JsonObject> {
  const { item, tables } = found;
  const { message, method, exchange, session, scope, context } = call;
  const operation = context.record.operation(exchange.id);
  const { headers } = exchange;
  const client = clientName(session);
  const routable: RoutedCall = { method, message, headers, client, item, tables };
  const isRouted = target !== undefined && scope.isWhole && !BOUND.has(method);
  const { server } = item.inventory;
  const about = { server: server.name, method, target: item.upstreamName || undefined };
  const timers = new TimerSet();
  const untrack = trackRequest(about, context, { timers, cancel: exchange.cancel });
  try {
    return await callUpstream<ItemCandidate, JsonObject>(
      {
        method,
        operations: operation === undefined ? [] : [operation],
        preferred: toCandidate(item),
        selection: isRouted ? createSelection(routable, context) : undefined,
        ...(!BOUND.has(method) && {
          isRepeatable: (candidate: ItemCandidate, neverSent: boolean) =>
            canRepeat(routable, candidate.item, neverSent),
        }),
        isAllowed: (candidate) => target === undefined || canUse(candidate.item, target, tables, context),
        deny: (code) =>
          target === undefined ? new NotFoundError() : unknownTarget(target, code, RESOURCE_NOT_FOUND),
        takesSlot: true,
        signal: exchange.signal,
        client: { facts: session.state.client, message },
        send: (candidate, attempt) => sendToPeer(candidate, attempt, found, call, timers),
      },
      context,
    );
  } finally {
    untrack();
  }
}

async function sendToPeer(
  { item }: ItemCandidate,
  attempt: UpstreamAttempt,
  { tables }: ResolvedTarget,
  { message, method, exchange, session, context }: RoutedSessionCall,
  timers: TimerSet,
): Promise<JsonObject> {
  const { server } = attempt;
  const operation = context.record.operation(exchange.id);
  if (server.payloads !== undefined) {
    operation?.setPayload(stringifyLossless(message), context.requestId, server.payloads);
  }
  const owner: StateOwner = {
    principalId: context.principal.id,
    serverId: server.id,
    method,
    own: item.upstreamName,
  };
  const outward = createResponseRewriter(owner, server.name, tables, context);
  // One after the other, so that notifications before the response are forwarded before it.
  let notified: Promise<void> = Promise.resolve();
  const headers = selectContextHeaders(exchange.headers, server.passHeaders);
  if (attempt.traceparent !== undefined) headers.set("traceparent", attempt.traceparent);
  const translated: PeerExchange = {
    ...exchange,
    headers,
    notify(notification) {
      notified = notified.then(async () => exchange.notify(await outward(notification)));
    },
  };
  const peer = await session.peers.connect(item.inventory, tables, context, {
    credential: attempt.credential,
    headers,
  });
  if (SUBSCRIPTION_METHODS.has(method) && !session.peers.isLegacy(peer)) {
    // For a modern server, the gateway's own subscription stream covers the resource.
    attempt.succeed({ success: true }, 200);
    return { jsonrpc: "2.0", id: exchange.id, result: {} };
  }
  const request = requestInTime(peer, setTarget(message, item.upstreamName), translated, {
    server,
    ms: toolTimeoutMs(server, operation === undefined ? [] : [operation]) ?? STREAM_TOTAL_TIMEOUT_MS,
    timers,
  });
  const { value: response, stalledMs } = await timers.measureStall(request);
  attempt.headReceived(stalledMs);
  await notified;
  const text = server.payloads === undefined ? undefined : stringifyLossless(response);
  attempt.succeed(messageOutcome(response), 200, text);
  return outward(response);
}

interface CallDuration {
  readonly server: SnapshotServer;
  readonly ms: number;
  readonly timers: TimerSet;
}

/** Ends the request when the time for a call is over, however many messages precede its response. */
async function requestInTime(
  peer: SessionPeer,
  message: JsonObject,
  exchange: PeerExchange,
  { server, ms, timers }: CallDuration,
): Promise<JsonObject> {
  const late = new AbortController();
  const stopClock = timers.limitWait(ms, () => late.abort());
  try {
    return await peer.request(message, {
      ...exchange,
      signal: AbortSignal.any([exchange.signal, late.signal]),
    });
  } catch (error) {
    throw late.signal.aborted ? responseTimeout(server.name, ms) : error;
  } finally {
    stopClock();
  }
}

function clientName({ state }: ConnectedSession): string | undefined {
  const name = getMember(state.client?.clientInfo, "name");
  return typeof name === "string" ? name : undefined;
}

/**
 * Stores the subscription in the session, for servers that lose it and for modern servers, which receive it through the
 * gateway's stream.
 */
async function subscribe(
  target: RequestTarget,
  found: ResolvedTarget,
  call: RoutedSessionCall,
): Promise<JsonObject> {
  const { method, session, context } = call;
  const { state } = session;
  const uri = target.value;
  const others = state.watched.filter((watched) => watched !== uri);
  const response = await callServer(target, found, call);
  if ("error" in response) return response;
  state.watched = method === "resources/subscribe" ? [...others, uri] : others;
  session.save();
  session.attend(context);
  return response;
}

/** If there is one server only, it is sent what is unknown here. */
async function callSoleServer(call: RoutedSessionCall): Promise<JsonObject | undefined> {
  const { scope, context } = call;
  const { tables } = await context.catalog.getView(scope, context);
  const [inventory] = tables.inventories;
  if (!isSoleServer(scope) || inventory === undefined) return undefined;
  return callServer(undefined, { item: { inventory, upstreamName: "" }, tables }, call);
}
