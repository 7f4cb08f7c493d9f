/**
 * subscriptions/listen for the merged server: one stream for the caller, fed by a stream from each server that has a
 * part in it. They all bear the caller's own request id, so what they send needs no new subscription id.
 */

import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import {
  FLAGS,
  listChanged,
  parseFilter,
  type SubscriptionFilter,
  subscriptionMeta,
} from "../../core/mcp/subscriptions.ts";
import { readHeaders } from "../../core/net/headers.ts";
import { withTimeout } from "../../core/timers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import { type CatalogScope, renewScope } from "../catalog/catalog.ts";
import type { ServerInventory } from "../catalog/inventory-cache.ts";
import type { McpContext } from "../context/context.ts";
import { createMessageStream, type MessageWriter } from "../sse/writer.ts";
import { openTask } from "./request-state.ts";
import { canUse, resolveTarget } from "./resolve-target.ts";
import type { AggregateCall } from "./route-call.ts";
import { filterVisible } from "./server-discover.ts";
import type { Subscriber } from "./upstream-subscription.ts";
import { openSubscription, type UpstreamSubscription } from "./upstream-subscription.ts";

/** A server that has not acknowledged by then does so later, unheard. */
const ACKNOWLEDGE_TIMEOUT_MS = 2000;
/** How often permission is checked again and new servers are added. */
const POLL_INTERVAL_MS = 1000;

export function listen({ request, post, scope, message }: AggregateCall, context: McpContext): Response {
  const subscriber = { id: post.id ?? 0, headers: readHeaders(request), scope, message };
  return createMessageStream(context, (writer) => followSubscriptions(subscriber, context, writer));
}

/** Runs until the principal loses access. Throws when the client disconnects. */
export async function followSubscriptions(
  subscriber: Subscriber,
  context: McpContext,
  writer: MessageWriter,
): Promise<void> {
  const filter = parseFilter(subscriber.message);
  const parts = await splitByServer(filter, subscriber.scope, context);
  await runSubscriptions({ subscriber, context, filter, writer }, parts);
}

interface ListenOptions {
  readonly subscriber: Subscriber;
  readonly context: McpContext;
  readonly filter: SubscriptionFilter;
  readonly writer: MessageWriter;
}

async function runSubscriptions(
  listening: ListenOptions,
  parts: ReadonlyMap<string, ServerSubscription>,
): Promise<void> {
  const { subscriber, context, filter, writer } = listening;
  const { id } = subscriber;
  let { scope } = subscriber;
  const subscriptions = new Map<string, UpstreamSubscription>();
  const open = ({ inventory, filter: own }: ServerSubscription) =>
    subscriptions.set(
      inventory.server.id,
      openSubscription({ subscriber, context, inventory, filter: own, writer }),
    );
  try {
    for (const part of parts.values()) open(part);
    const accepted = await mergeAcknowledged([...subscriptions.values()]);
    await writer.write(acknowledgement(id, filter, accepted));
    for (let servers = listReachable(scope, context); ; ) {
      await writer.idle(POLL_INTERVAL_MS);
      const renewed = await context.renew();
      if (renewed === undefined) break;
      const current = renewScope(scope, renewed.tenant);
      if (current === undefined) break;
      const now = listReachable(current, renewed);
      if (isSame(servers, now) && scope.toolset?.content === current.toolset?.content) continue;
      // Of one server alone nothing is left to listen to.
      if (!scope.isWhole) break;
      servers = now;
      scope = current;
      // What one endpoint offers changes with the servers behind it.
      for (const flag of filter.flags) await writer.write(listChanged(flag, id));
      const next = await splitByServer(filter, scope, renewed);
      for (const [serverId, subscription] of subscriptions)
        if (!next.has(serverId) && subscriptions.delete(serverId)) subscription.close();
      for (const [serverId, part] of next) if (!subscriptions.has(serverId)) open(part);
    }
    await writer.write({
      jsonrpc: "2.0",
      id,
      result: { resultType: "complete", _meta: subscriptionMeta(id) },
    });
  } finally {
    for (const subscription of subscriptions.values()) subscription.close();
  }
}

/** Those of the scope that are there now and that the caller may see now. */
function listReachable(scope: CatalogScope, { tenant, access }: McpContext): readonly SnapshotServer[] {
  const there = scope.isWhole ? scope.offered : scope.servers.filter(({ id }) => tenant.serversById.has(id));
  return there.filter(({ id, name }) => access.allows("server", id, name));
}

interface ServerSubscription {
  readonly inventory: ServerInventory;
  readonly filter: SubscriptionFilter;
}

/** By server id; servers without any of it get no request. */
async function splitByServer(
  wanted: SubscriptionFilter,
  scope: CatalogScope,
  context: McpContext,
): Promise<Map<string, ServerSubscription>> {
  const { tables } = await context.catalog.loadView(scope, context);
  const uris = new Map<string, string[]>();
  for (const uri of wanted.resourceSubscriptions) {
    const target = { kind: "resource", value: uri } as const;
    const found = await resolveTarget(target, scope, context);
    if (found !== undefined && canUse(found.item, target, found.tables, context))
      append(uris, found.item.inventory.server.id, found.item.upstreamName);
  }
  const taskIds = new Map<string, string[]>();
  for (const sealed of wanted.taskIds) {
    const task = await openTask(context.keyring, context.principal.id, sealed);
    const offer = task && tables.findServer(task.server);
    if (task && offer) append(taskIds, offer.server.id, task.taskId);
  }
  const parts = new Map<string, ServerSubscription>();
  for (const inventory of filterVisible(tables.inventories, context)) {
    const own: SubscriptionFilter = {
      flags: wanted.flags.filter((flag) => announces(inventory, flag)),
      resourceSubscriptions: uris.get(inventory.server.id) ?? [],
      taskIds: taskIds.get(inventory.server.id) ?? [],
    };
    const isAsked = own.flags.length + own.resourceSubscriptions.length + own.taskIds.length > 0;
    if (isAsked) parts.set(inventory.server.id, { inventory, filter: own });
  }
  return parts;
}

function announces({ capabilities }: ServerInventory, flag: string): boolean {
  const feature = getMember(capabilities, FLAGS[flag]?.feature ?? "");
  return isMembers(feature) && getMember(feature, "listChanged") === true;
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

async function mergeAcknowledged(
  subscriptions: readonly UpstreamSubscription[],
): Promise<readonly JsonObject[]> {
  const acknowledged: JsonObject[] = [];
  const all = Promise.all(
    subscriptions.map(async (subscription) => acknowledged.push(await subscription.acknowledged)),
  );
  await withTimeout(all, ACKNOWLEDGE_TIMEOUT_MS);
  return acknowledged;
}

/** The gateway itself notifies of lists, as servers are added and removed; resources and tasks are their servers' only. */
function acknowledgement(
  id: JsonRpcId,
  wanted: SubscriptionFilter,
  accepted: readonly JsonObject[],
): JsonObject {
  const union = (member: string) => [
    ...new Set(
      accepted.flatMap((part) => {
        const value = getMember(part, member);
        return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
      }),
    ),
  ];
  const uris = union("resourceSubscriptions");
  const taskIds = union("taskIds");
  const notifications = {
    ...Object.fromEntries(wanted.flags.map((flag) => [flag, true])),
    ...(uris.length > 0 && { resourceSubscriptions: uris }),
    ...(taskIds.length > 0 && { taskIds }),
  };
  return {
    jsonrpc: "2.0",
    method: "notifications/subscriptions/acknowledged",
    params: { notifications, _meta: subscriptionMeta(id) },
  };
}

function isSame(left: readonly { id: string }[], right: readonly { id: string }[]): boolean {
  return left.length === right.length && left.every(({ id }, position) => id === right[position]?.id);
}
