/**
 * The capabilities of many servers as those of one, in either era's shape. A feature is announced when any
 * server has it, since requests are routed to one that does; what is promised about it must hold for all that have it.
 */
import type { JsonObject } from "./json-rpc.ts";
import { getMember, isMembers, isSameJson } from "./lossless-json.ts";

/** Notifications are fanned in, so one server that sends them is enough. */
const ANY_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ["tools", ["listChanged"]],
  ["prompts", ["listChanged"]],
  ["resources", ["listChanged", "subscribe"]],
]);

/** Takes the servers' capabilities in the order of priority, which decides the order of members only. */
export function mergeCapabilities(servers: readonly JsonObject[]): JsonObject {
  return mergeNames(servers, (feature, values) => {
    if (feature === "experimental" || feature === "extensions") return mergeExtensions(values);
    const anyOf = ANY_OF.get(feature);
    if (anyOf !== undefined) return mergeFeature(values, anyOf);
    // The tasks of 2025-11-25: nested empty objects that each name a request. A tool's own definition states whether it supports them.
    if (feature === "tasks") return union(values);
    return values.reduce(agree);
  });
}

function mergeFeature(values: readonly unknown[], anyOf: readonly string[]): JsonObject | undefined {
  const offers = values.filter(isMembers);
  const [first] = offers;
  if (first === undefined) return undefined;
  const shared = Object.entries(offers.reduce((left, right) => objectMembers(agree(left, right)), first));
  const flags = anyOf.filter((flag) => offers.some((offer) => getMember(offer, flag) === true));
  return Object.fromEntries([
    ...shared.filter(([member]) => !anyOf.includes(member)),
    ...flags.map((flag) => [flag, true] as const),
  ]);
}

/**
 * Unknown extensions are merged by union. Where servers disagree about the settings of one, only the settings common to
 * all remain: their meaning is unknown, and a client relies on them with any of the servers. An empty object still
 * announces the extension.
 */
function mergeExtensions(values: readonly unknown[]): JsonObject | undefined {
  const tables = values.filter(isMembers);
  if (tables.length === 0) return undefined;
  return mergeNames(tables, (_id, settings) => objectMembers(settings.reduce(agree)));
}

function mergeNames(
  tables: readonly JsonObject[],
  merge: (name: string, values: readonly unknown[]) => unknown,
): JsonObject {
  const values = new Map<string, unknown[]>();
  for (const [name, value] of tables.flatMap((table) => Object.entries(table))) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return Object.fromEntries(
    [...values]
      .map(([name, all]) => [name, merge(name, all)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/** The part of two values that both state: common members, common items, the same scalar. */
function agree(left: unknown, right: unknown): unknown {
  if (isSameJson(left, right)) return left;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.filter((item) => right.some((other) => isSameJson(item, other)));
  }
  if (!isMembers(left) || !isMembers(right)) return undefined;
  return Object.fromEntries(
    Object.entries(left)
      .map(([member, value]) => [member, agree(value, getMember(right, member))] as const)
      .filter(([, value]) => value !== undefined),
  );
}

function union(values: readonly unknown[]): unknown {
  const tables = values.filter(isMembers);
  return tables.length === 0 ? values[0] : mergeNames(tables, (_name, all) => union(all));
}

function objectMembers(value: unknown): JsonObject {
  return isMembers(value) ? value : {};
}
