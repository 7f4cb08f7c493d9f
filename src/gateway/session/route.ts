/** A legacy client's request on its way to the server that has what it is about, and the answer on its way back. */
import { asGatewayError } from "../../core/errors.ts";
import { RESOURCE_NOT_FOUND } from "../../core/mcp/eras.ts";
import { INVALID_PARAMS, type JsonObject } from "../../core/mcp/json-rpc.ts";
import { memberOf, stringifyLossless } from "../../core/mcp/json-text.ts";
import { targetOf, withTarget } from "../../core/mcp/rewrite.ts";
import type { CallResult } from "../../core/resilience/outcome.ts";
import { isSampled, type PayloadTerms } from "../../core/settings/payloads.ts";
import { Alarms } from "../../core/waiting.ts";
import { maintenanceOf } from "../../policy/maintenance.ts";
import { permitRefusal } from "../../policy/permit-refusal.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { trackActive } from "../active.ts";
import { type Found, find, unknownTarget } from "../aggregate/calls.ts";
import { scopeOf } from "../aggregate/catalogue.ts";
import { outwardFrom } from "../aggregate/outward.ts";
import type { StateOwner } from "../aggregate/seals.ts";
import type { McpContext } from "../context.ts";
import { outcomeIn } from "../outcome.ts";
import { answerPayload, askedPayload, mcpEvent, type Outcome, outcomeOfError } from "../record.ts";
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

/** Undefined for methods that nobody here knows. */
export async function routeRequest(
  message: JsonObject,
  exchange: Exchange,
  session: Session,
  context: McpContext,
): Promise<JsonObject | undefined> {
  const { id } = exchange;
  const scope = scopeOf(context.tenant, session.state.serverName);
  const method = String(memberOf(message, "method"));
  if (!TARGETED.has(method)) return toOnly(message, exchange, session, context);
  const target = targetOf(message);
  if (target === undefined) {
    const error = { code: INVALID_PARAMS, message: "The parameters name nothing to work on." };
    return { jsonrpc: "2.0", id, error };
  }
  const found = await find(target, scope, context);
  if (found === undefined) return { jsonrpc: "2.0", id, error: unknownTarget(target, RESOURCE_NOT_FOUND) };
  if (method === "resources/subscribe" || method === "resources/unsubscribe") {
    return watch(method, target.value, found, message, exchange, session, context);
  }
  return toServer(message, found, exchange, session, context);
}

async function toServer(
  message: JsonObject,
  { place, tables }: Found,
  exchange: Exchange,
  session: Session,
  context: McpContext,
): Promise<JsonObject> {
  const { server } = place.offer;
  const maintenance = maintenanceOf(context.tenant, server, Date.now());
  if (maintenance !== undefined) throw maintenance;
  const owner: StateOwner = {
    principalId: context.principal.id,
    serverId: server.id,
    method: String(memberOf(message, "method")),
    own: place.own,
  };
  const peer = await session.peers.to(place.offer, tables, context);
  const outward = outwardFrom(owner, server.name, tables, context);
  // One after the other, so that what was said before the answer is told before it.
  let told: Promise<void> = Promise.resolve();
  const translated: Exchange = {
    ...exchange,
    notify(notification) {
      told = told.then(async () => exchange.notify(await outward(notification)));
    },
  };
  const about = { server: server.name, method: owner.method, target: place.own || undefined };
  const forget = trackActive(about, context, { alarms: new Alarms(), cancel: exchange.cancel });
  const started = Date.now();
  const terms = payloadTermsOf(server, context);
  const tell = (outcome: Outcome, response?: JsonObject) => {
    const payload = terms && {
      ...askedPayload(stringifyLossless(message), terms),
      ...(response !== undefined && answerPayload(stringifyLossless(response), terms)),
    };
    const subject = { ...about, serverId: server.id, ...payload };
    context.tell([mcpEvent(context.principal, context.requestId, subject, outcome, Date.now() - started)]);
  };
  const permit = await context.traffic.permit(server.id, context.background);
  const { pass } = permit;
  if (pass === undefined) throw permitRefusal(server.name, permit);
  const ended = (result: CallResult) =>
    context.traffic.ended(server.id, pass, result, Date.now() - started, context.background);
  try {
    const response = await peer.request(withTarget(message, place.own), translated);
    await told;
    ended({ status: 200 });
    tell(outcomeIn(response), response);
    return await outward(response);
  } catch (error) {
    const known = asGatewayError(error);
    ended({ error: known.code, cancelled: exchange.signal.aborted });
    tell(outcomeOfError(known));
    throw error;
  } finally {
    forget();
  }
}

/** Where this call's payload is to be kept. */
function payloadTermsOf({ payloads }: SnapshotServer, { requestId }: McpContext): PayloadTerms | undefined {
  return payloads !== undefined && isSampled(requestId, payloads) ? payloads : undefined;
}

/** The session remembers what is watched, for servers that forget it and for those that were never told. */
async function watch(
  method: string,
  uri: string,
  found: Found,
  message: JsonObject,
  exchange: Exchange,
  session: Session,
  context: McpContext,
): Promise<JsonObject> {
  const { state } = session;
  const others = state.watched.filter((watched) => watched !== uri);
  const peer = await session.peers.to(found.place.offer, found.tables, context);
  const response = session.peers.isLegacy(peer)
    ? await toServer(message, found, exchange, session, context)
    : { jsonrpc: "2.0", id: exchange.id, result: {} };
  if ("error" in response) return response;
  state.watched = method === "resources/subscribe" ? [...others, uri] : others;
  session.save();
  session.attend(context);
  return response;
}

/** Where there is one server, it is asked whatever nobody else knows. */
async function toOnly(
  message: JsonObject,
  exchange: Exchange,
  session: Session,
  context: McpContext,
): Promise<JsonObject | undefined> {
  const scope = scopeOf(context.tenant, session.state.serverName);
  const { tables } = await context.catalogue.known(scope, context.background);
  const [offer] = tables.offers;
  if (scope.servers.length !== 1 || offer === undefined) return undefined;
  return toServer(message, { place: { offer, own: "" }, tables }, exchange, session, context);
}
