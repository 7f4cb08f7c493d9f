/** Selects the server of a call by the tenant's routing rules, among those that have its target. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { META } from "../../core/mcp/revisions.ts";
import { isSafeToRetry } from "../../core/resilience/retry.ts";
import { pickCandidate } from "../../core/routing/candidates.ts";
import { isNearClient } from "../../core/routing/regions.ts";
import { type CompiledRule, matchRule, type RoutedRequest } from "../../core/routing/rules.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { NameIndex, ServerItem } from "../catalog/name-index.ts";
import type { McpContext } from "../context/context.ts";
import type { Candidate, Selection } from "../pipeline/upstream-call.ts";

/** A call whose target is known, with all that routing looks at. */
export interface RoutedCall {
  readonly method: string;
  readonly message: JsonObject;
  readonly headers: ReadonlyMap<string, string>;
  /** The name of the client program, where the message does not contain it. */
  readonly client?: string | undefined;
  readonly item: ServerItem;
  readonly tables: NameIndex;
}

/** A place of the merged view, as the pipeline takes it. */
export interface ItemCandidate extends Candidate {
  readonly item: ServerItem;
}

export const toCandidate = (item: ServerItem): ItemCandidate => ({
  server: item.inventory.server,
  upstreamName: item.upstreamName,
  item,
});

/** `undefined` if no rule of the tenant's matches the call. */
export function createSelection(call: RoutedCall, context: McpContext): Selection<ItemCandidate> | undefined {
  const rule = matchRule(context.tenant.routing, routedRequest(call, context));
  if (rule === undefined) return undefined;
  return {
    targets: listTargets(rule, call, context).map(toCandidate),
    select: (targets, tried) => select(rule, targets, tried, call, context),
  };
}

/** Whether the call can safely run twice, by the tool's annotations. */
export function canRepeat(
  { method, tables }: Pick<RoutedCall, "method" | "tables">,
  place: ServerItem,
  neverSent: boolean,
): boolean {
  const annotations = getMember(tables.getTool(place), "annotations");
  const hints = isMembers(annotations) ? annotations : {};
  return isSafeToRetry({
    method,
    tool: {
      readOnlyHint: getMember(hints, "readOnlyHint") === true,
      idempotentHint: getMember(hints, "idempotentHint") === true,
    },
    neverSent,
    answered: false,
  });
}

function routedRequest(
  { method, message, headers, client: known, item }: RoutedCall,
  context: McpContext,
): RoutedRequest {
  const { tenant, principal } = context;
  const params = getMember(message, "params");
  const meta = isMembers(params) ? getMember(params, "_meta") : undefined;
  const info = isMembers(meta) ? getMember(meta, META.clientInfo) : undefined;
  const client = isMembers(info) ? getMember(info, "name") : undefined;
  return {
    method,
    tool: method === "tools/call" ? item.upstreamName : undefined,
    tags: new Set(item.inventory.server.tags),
    client: typeof client === "string" ? client : known,
    header: (name) => headers.get(name.toLowerCase()) ?? null,
    tenant: { id: tenant.id, slug: tenant.slug },
    stableId: principal.id,
  };
}

/** Servers of the rule that list the target; those that the principal may not use are removed by the access check. */
function listTargets(
  rule: CompiledRule,
  { item, tables, method }: RoutedCall,
  { tenant }: McpContext,
): ServerItem[] {
  return rule.targetServers.flatMap((serverId) => {
    const server = tenant.serversById.get(serverId);
    const offer = server && tables.findServer(server.name);
    if (server === undefined || offer === undefined) return [];
    const other: ServerItem = { upstreamName: item.upstreamName, inventory: { ...offer, server } };
    return method === "tools/call" && tables.getTool(other) === undefined ? [] : [other];
  });
}

function select(
  rule: CompiledRule,
  targets: readonly ItemCandidate[],
  tried: ReadonlySet<string>,
  { message }: RoutedCall,
  context: McpContext,
): ItemCandidate | undefined {
  const { routing, traffic, principal, location } = context;
  const now = Date.now();
  const candidates = targets.map((candidate) => ({
    candidate,
    ...serverLoad(candidate.server, traffic.breakers.getState(candidate.server.id, now)),
    isNear: isNearClient(candidate.server.region, location),
  }));
  const balancing = {
    loads: routing.loads,
    turns: routing.roundRobinFor(rule.id),
    hashKey: hashKey(rule, message, context),
    now,
    random: Math.random,
  };
  const bound = rule.options.sticky === true ? routing.stickyServer(rule.id, principal.id) : undefined;
  const picked = pickCandidate(candidates, rule.strategy, balancing, { bound, tried });
  if (picked === undefined) return undefined;
  if (rule.options.sticky === true) routing.setStickyServer(rule.id, principal.id, picked.server.id);
  return picked.server.candidate;
}

function serverLoad({ id, weight, healthStatus }: SnapshotServer, breaker: "closed" | "due" | "open") {
  return { id, weight, health: healthStatus, breaker };
}

/** What consistent_hash keeps together. */
function hashKey({ options }: CompiledRule, message: JsonObject, { principal }: McpContext): string {
  if (options.hashOn === "user") return principal.userId ?? principal.id;
  if (options.hashOn !== "argument") return principal.id;
  const params = getMember(message, "params");
  const args = isMembers(params) ? getMember(params, "arguments") : undefined;
  const value = isMembers(args) ? getMember(args, options.argument ?? "") : undefined;
  return JSON.stringify(value) ?? "";
}
