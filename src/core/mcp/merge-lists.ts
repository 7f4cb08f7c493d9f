/** Makes one list, and one text of instructions, of what many servers answered. */

import { compareText } from "./exposed-names.ts";
import type { JsonObject } from "./json-rpc.ts";
import { itemKey, LIST_MEMBERS, type ListMethod } from "./list-edit.ts";
import { getMember, getNumber, isMembers } from "./lossless-json.ts";
import type { Era } from "./revisions.ts";

/** Marks what is ours in `_meta`. */
const GATEWAY_META = "dev.mcp-registry-gateway";
export const UNAVAILABLE_META = `${GATEWAY_META}/unavailable`;

export interface UnavailableServer {
  readonly server: string;
  /** For people; it must not contain what the caller may not see, such as URLs. */
  readonly reason: string;
  /** Its last known list stands in. Otherwise nothing of this server is shown. */
  readonly stale: boolean;
}

export interface ListPart {
  /** Filtered and renamed already. */
  readonly items: readonly JsonObject[];
  /** Undefined if the server does not state it (before 2026-07-28); the merged list must not be cached then. */
  readonly ttlMs?: number | undefined;
  readonly cacheScope?: "public" | "private" | undefined;
  /** The content depends on the caller. */
  readonly isPersonal?: boolean;
}

export interface MergeOptions {
  readonly era: Era;
  readonly gaps?: readonly UnavailableServer[];
}

/** Parses the list result of one server. Items that are not objects have no name and are dropped. */
export function parseListPart(method: ListMethod, result: JsonObject): ListPart {
  const items = getMember(result, LIST_MEMBERS[method].member);
  const scope = getMember(result, "cacheScope");
  const ttlMs = getNumber(getMember(result, "ttlMs"));
  return {
    items: Array.isArray(items) ? items.filter(isMembers) : [],
    ttlMs:
      ttlMs !== undefined && ttlMs >= 0 ? Math.min(Math.floor(ttlMs), Number.MAX_SAFE_INTEGER) : undefined,
    cacheScope: scope === "public" || scope === "private" ? scope : undefined,
  };
}

/** Parts come in the order of priority: tools are sorted by name, all else by server and then by name. */
export function mergeLists(
  method: ListMethod,
  parts: readonly ListPart[],
  merging: MergeOptions,
): JsonObject {
  const sorted = parts.map(({ items }) => items.toSorted(byNameAndKey(method)));
  const items = method === "tools/list" ? sorted.flat().toSorted(byNameAndKey(method)) : sorted.flat();
  const { gaps = [], era } = merging;
  return {
    ...(era === "modern" && { resultType: "complete" }),
    [LIST_MEMBERS[method].member]: items,
    ...(era === "modern" && { ttlMs: smallestTtl(parts), cacheScope: mergeScope(parts) }),
    ...(gaps.length > 0 && { _meta: { [UNAVAILABLE_META]: gaps.toSorted(byServer) } }),
  };
}

function smallestTtl(parts: readonly ListPart[]): number {
  return parts.length === 0 ? 0 : Math.min(...parts.map(({ ttlMs }) => ttlMs ?? 0));
}

/** Public only if every server's list is. */
function mergeScope(parts: readonly ListPart[]): "public" | "private" {
  const isPublic = parts.every(
    ({ cacheScope, isPersonal }) => cacheScope === "public" && isPersonal !== true,
  );
  return parts.length > 0 && isPublic ? "public" : "private";
}

function byNameAndKey(method: ListMethod): (left: JsonObject, right: JsonObject) => number {
  return (left, right) =>
    compareText(itemName(left), itemName(right)) ||
    compareText(itemKey(method, left) ?? "", itemKey(method, right) ?? "");
}

function itemName(item: JsonObject): string {
  const name = getMember(item, "name");
  return typeof name === "string" ? name : "";
}

function byServer(left: UnavailableServer, right: UnavailableServer): number {
  return compareText(left.server, right.server);
}

export interface Instructions {
  readonly title: string;
  readonly text: string | undefined;
}

/** Models read all of it at the start of every conversation. */
const MAX_INSTRUCTIONS_LENGTH = 16_000;
const MAX_TITLE_LENGTH = 100;
/** A shorter time is ignored. */
const MIN_SHARE = 200;

/**
 * Takes the servers in the order of priority. Where the whole is too long, the longest texts are cut to the same
 * length, so that no server can crowd out the others; servers at the end go when even that is not enough.
 */
export function mergeInstructions(
  servers: readonly Instructions[],
  limit: number = MAX_INSTRUCTIONS_LENGTH,
): string | undefined {
  const sections = servers.flatMap(({ title, text = "" }) =>
    text.trim() === "" ? [] : [{ heading: formatHeading(title), text: text.trim() }],
  );
  for (; sections.length > 0; sections.pop()) {
    const room = sections.reduce((rest, { heading }) => rest - heading.length - 2, limit + 2);
    const share = fairShare(
      sections.map(({ text }) => text.length),
      room,
    );
    const isEnough = sections.every(({ text }) => share >= Math.min(text.length, MIN_SHARE));
    if (isEnough) return sections.map(({ heading, text }) => heading + cut(text, share)).join("\n\n");
  }
  return undefined;
}

function formatHeading(title: string): string {
  return `## ${cut(title.replace(/\s+/g, " ").trim(), MAX_TITLE_LENGTH)}\n\n`;
}

/** The largest length to which all texts can be cut so that together they fit the room. */
function fairShare(lengths: readonly number[], room: number): number {
  let rest = room;
  for (const [position, length] of lengths.toSorted((left, right) => left - right).entries()) {
    const share = Math.floor(rest / (lengths.length - position));
    if (length > share) return share;
    rest -= length;
  }
  return Number.POSITIVE_INFINITY;
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // A surrogate without its other half would come out of UTF-8 as a replacement character.
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
