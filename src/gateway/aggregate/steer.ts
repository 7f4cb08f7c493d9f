/**
 * Brings a call to the server that a tenant's routing rules choose among those that have the thing, and, where that is
 * safe, to another one when the first fails.
 */
import { ServerClosedError, UpstreamError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { isMembers, memberOf } from "../../core/mcp/json-text.ts";
import { META } from "../../core/mcp/revisions.ts";
import { backoffMs, isSafeToRetry, RETRY_TERMS } from "../../core/resilience/retry.ts";
import { pickServer } from "../../core/routing/pick.ts";
import { type CompiledRule, type RoutedRequest, ruleFor } from "../../core/routing/rules.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { McpContext } from "../context.ts";
import type { Place, Tables } from "./tables.ts";

export interface Steered {
  readonly method: string;
  readonly message: JsonObject;
  readonly headers: ReadonlyMap<string, string>;
  readonly place: Place;
  readonly tables: Tables;
}

export type Attempt = (place: Place) => Promise<Response>;

/** Wherever the rules of today may have brought a request. */
export function placesFor(steered: Steered, context: McpContext): readonly Place[] {
  const rule = ruleFor(context.tenant.routing, routedRequest(steered, context));
  return [steered.place, ...(rule === undefined ? [] : targetsOf(rule, steered, context))];
}

export async function steer(steered: Steered, context: McpContext, attempt: Attempt): Promise<Response> {
  const { tenant, steering } = context;
  steering.asked(tenant.id, Date.now());
  const rule = ruleFor(tenant.routing, routedRequest(steered, context));
  const places = rule === undefined ? [] : targetsOf(rule, steered, context);
  const tried = new Set<string>();
  for (let count = 1; ; count += 1) {
    const place = pick(rule, places, tried, steered, context) ?? steered.place;
    const isLast = count >= RETRY_TERMS.attempts;
    try {
      const response = await attempt(place);
      if (response.status < 500 || isLast || !mayGoOn(steered, place, undefined, context)) return response;
      await response.body?.cancel();
    } catch (error) {
      if (!(error instanceof UpstreamError) || isLast || !mayGoOn(steered, place, error, context))
        throw error;
      const others = places.filter(
        ({ offer }) => offer.server.id !== place.offer.server.id && !tried.has(offer.server.id),
      );
      // Asking again at once where the door is known to be shut is no use.
      if (error instanceof ServerClosedError && others.length === 0) throw error;
    }
    tried.add(place.offer.server.id);
    await new Promise((resolve) => setTimeout(resolve, backoffMs(count, RETRY_TERMS, Math.random)));
  }
}

function mayGoOn({ method, tables }: Steered, place: Place, error: unknown, context: McpContext): boolean {
  const annotations = memberOf(tables.toolAt(place), "annotations");
  const hints = isMembers(annotations) ? annotations : {};
  const isSafe = isSafeToRetry({
    method,
    tool: {
      readOnlyHint: memberOf(hints, "readOnlyHint") === true,
      idempotentHint: memberOf(hints, "idempotentHint") === true,
    },
    neverSent: error instanceof ServerClosedError,
    answered: false,
  });
  return isSafe && context.steering.mayRetry(context.tenant.id, Date.now());
}

function routedRequest({ method, message, headers, place }: Steered, context: McpContext): RoutedRequest {
  const { tenant, principal } = context;
  const params = memberOf(message, "params");
  const meta = isMembers(params) ? memberOf(params, "_meta") : undefined;
  const info = isMembers(meta) ? memberOf(meta, META.clientInfo) : undefined;
  const client = isMembers(info) ? memberOf(info, "name") : undefined;
  return {
    method,
    tool: method === "tools/call" ? place.own : undefined,
    tags: new Set(place.offer.server.tags),
    client: typeof client === "string" ? client : undefined,
    header: (name) => headers.get(name.toLowerCase()) ?? null,
    tenant: { id: tenant.id, slug: tenant.slug },
    stableId: principal.id,
  };
}

/** Those of the rule's servers that have the very thing, and that the caller may use. */
function targetsOf(rule: CompiledRule, { place, tables, method }: Steered, context: McpContext): Place[] {
  return rule.targetServers.flatMap((serverId) => {
    const server = context.tenant.serversById.get(serverId);
    const offer = server && tables.byName(server.name);
    if (server === undefined || offer === undefined) return [];
    const other: Place = { own: place.own, offer: { ...offer, server } };
    if (method === "tools/call" && tables.toolAt(other) === undefined) return [];
    return context.access.allows("server", server.id, server.name) &&
      isAllowed(other, method, tables, context)
      ? [other]
      : [];
  });
}

function isAllowed(place: Place, method: string, tables: Tables, { access }: McpContext): boolean {
  return tables.allows(
    method === "tools/call" ? "tool" : method === "prompts/get" ? "prompt" : "resource",
    place,
    access,
  );
}

function pick(
  rule: CompiledRule | undefined,
  places: readonly Place[],
  tried: ReadonlySet<string>,
  { message }: Steered,
  context: McpContext,
): Place | undefined {
  if (rule === undefined) return undefined;
  const { steering, traffic, principal } = context;
  const now = Date.now();
  const candidates = places.map((place) => ({
    place,
    ...candidateOf(place.offer.server, traffic.breakers.stateOf(place.offer.server.id, now)),
  }));
  const scene = {
    loads: steering.loads,
    turns: steering.turnsOf(rule.id),
    hashKey: hashKey(rule, message, context),
    now,
    random: Math.random,
  };
  const bound = rule.options.sticky === true ? steering.boundTo(rule.id, principal.id) : undefined;
  const picked = pickServer(candidates, rule.strategy, scene, { bound, tried });
  if (picked === undefined) return undefined;
  if (rule.options.sticky === true) steering.bind(rule.id, principal.id, picked.server.id);
  return picked.server.place;
}

function candidateOf({ id, weight, healthStatus }: SnapshotServer, breaker: "closed" | "due" | "open") {
  return { id, weight, health: healthStatus, breaker };
}

/** What consistent_hash keeps together. */
function hashKey({ options }: CompiledRule, message: JsonObject, { principal }: McpContext): string {
  if (options.hashOn === "user") return principal.userId ?? principal.id;
  if (options.hashOn !== "argument") return principal.id;
  const params = memberOf(message, "params");
  const args = isMembers(params) ? memberOf(params, "arguments") : undefined;
  const value = isMembers(args) ? memberOf(args, options.argument ?? "") : undefined;
  return JSON.stringify(value) ?? "";
}
