/**
 * subscriptions/listen for the merged server: one stream for the caller, fed by a stream from each server that has a
 * part in it. They all bear the caller's own request id, so what they send needs no new subscription id.
 */

import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { readHeaders } from "../../core/net/headers.ts";
import { withTimeout } from "../../core/timers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { McpContext } from "../context.ts";
import { type MessageWriter, messageStream } from "../message-stream.ts";
import { type Caller, find, mayUse } from "./calls.ts";
import { type Scope, wholeTenant } from "./catalogue.ts";
import { visible } from "./discover.ts";
import { type Leg, openLeg } from "./listen-leg.ts";
import type { Offer } from "./offers.ts";
import { openTask } from "./seals.ts";
import { changed, FLAGS, metaOf, readWanted, type Wanted } from "./subscriptions.ts";

/** A server that has not acknowledged by then does so later, unheard. */
const ACKNOWLEDGED_WITHIN_MS = 2000;
/** How soon a caller who lost the right to listen is cut off, and a new server is heard. */
const LOOK_MS = 1000;

/** Who listens, and to what. */
export interface Subscriber {
  readonly id: JsonRpcId;
  readonly headers: ReadonlyMap<string, string>;
  readonly scope: Scope;
  /** The subscriptions/listen request. */
  readonly message: JsonObject;
}

export function listen({ request, post, scope, message }: Caller, context: McpContext): Response {
  const subscriber = { id: post.id ?? 0, headers: readHeaders(request), scope, message };
  return messageStream(context, (writer) => follow(subscriber, context, writer));
}

/** Until the caller loses the right to listen; throws when the caller is gone. */
export async function follow(
  subscriber: Subscriber,
  context: McpContext,
  writer: MessageWriter,
): Promise<void> {
  const wanted = readWanted(subscriber.message);
  const parts = await partsOf(wanted, subscriber.scope, context);
  await hold({ subscriber, context, wanted, writer }, parts);
}

interface Listening {
  readonly subscriber: Subscriber;
  readonly context: McpContext;
  readonly wanted: Wanted;
  readonly writer: MessageWriter;
}

async function hold(listening: Listening, parts: ReadonlyMap<string, Part>): Promise<void> {
  const { subscriber, context, wanted, writer } = listening;
  const { id, scope } = subscriber;
  const legs = new Map<string, Leg>();
  const open = ({ offer, wanted: own }: Part) =>
    legs.set(offer.server.id, openLeg({ subscriber, context, offer, wanted: own, writer }));
  try {
    for (const part of parts.values()) open(part);
    const accepted = await acknowledged([...legs.values()]);
    await writer.write(acknowledgement(id, wanted, accepted));
    for (let servers = reachable(scope, context); ; ) {
      await writer.idle(LOOK_MS);
      const renewed = await context.renew();
      if (renewed === undefined) break;
      const now = reachable(scope, renewed);
      if (isSame(servers, now)) continue;
      // Of one server alone nothing is left to listen to.
      if (!scope.isWhole) break;
      servers = now;
      // What one endpoint offers changes with the servers behind it.
      for (const flag of wanted.flags) await writer.write(changed(flag, id));
      const next = await partsOf(wanted, wholeTenant(renewed.tenant), renewed);
      for (const [serverId, leg] of legs) if (!next.has(serverId) && legs.delete(serverId)) leg.close();
      for (const [serverId, part] of next) if (!legs.has(serverId)) open(part);
    }
    await writer.write({ jsonrpc: "2.0", id, result: { resultType: "complete", _meta: metaOf(id) } });
  } finally {
    for (const leg of legs.values()) leg.close();
  }
}

/** Those of the scope that are there now and that the caller may see now. */
function reachable(scope: Scope, { tenant, access }: McpContext): readonly SnapshotServer[] {
  const there = scope.isWhole
    ? wholeTenant(tenant).servers
    : scope.servers.filter(({ id }) => tenant.serversById.has(id));
  return there.filter(({ id, name }) => access.allows("server", id, name));
}

interface Part {
  readonly offer: Offer;
  readonly wanted: Wanted;
}

/** By server id; servers that have nothing of it are not asked. */
async function partsOf(wanted: Wanted, scope: Scope, context: McpContext): Promise<Map<string, Part>> {
  const { tables } = await context.catalogue.complete(scope, context);
  const uris = new Map<string, string[]>();
  for (const uri of wanted.resourceSubscriptions) {
    const target = { kind: "resource", value: uri } as const;
    const found = await find(target, scope, context);
    if (found !== undefined && mayUse(found.place, target, found.tables, context))
      put(uris, found.place.offer.server.id, found.place.own);
  }
  const taskIds = new Map<string, string[]>();
  for (const sealed of wanted.taskIds) {
    const task = await openTask(context.keyring, context.principal.id, sealed);
    const offer = task && tables.byName(task.server);
    if (task && offer) put(taskIds, offer.server.id, task.taskId);
  }
  const parts = new Map<string, Part>();
  for (const offer of visible(tables.offers, context)) {
    const own: Wanted = {
      flags: wanted.flags.filter((flag) => announces(offer, flag)),
      resourceSubscriptions: uris.get(offer.server.id) ?? [],
      taskIds: taskIds.get(offer.server.id) ?? [],
    };
    const isAsked = own.flags.length + own.resourceSubscriptions.length + own.taskIds.length > 0;
    if (isAsked) parts.set(offer.server.id, { offer, wanted: own });
  }
  return parts;
}

function announces({ capabilities }: Offer, flag: string): boolean {
  const feature = getMember(capabilities, FLAGS[flag]?.feature ?? "");
  return isMembers(feature) && getMember(feature, "listChanged") === true;
}

function put(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

async function acknowledged(legs: readonly Leg[]): Promise<readonly JsonObject[]> {
  const heard: JsonObject[] = [];
  const all = Promise.all(legs.map(async (leg) => heard.push(await leg.acknowledged)));
  await withTimeout(all, ACKNOWLEDGED_WITHIN_MS);
  return heard;
}

/** The gateway itself tells of lists, since servers come and go; of resources and tasks only their servers can. */
function acknowledgement(id: JsonRpcId, wanted: Wanted, accepted: readonly JsonObject[]): JsonObject {
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
    params: { notifications, _meta: metaOf(id) },
  };
}

function isSame(left: readonly { id: string }[], right: readonly { id: string }[]): boolean {
  return left.length === right.length && left.every(({ id }, position) => id === right[position]?.id);
}
