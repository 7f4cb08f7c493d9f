/** Decides which items of the catalog a toolset contains. */
import { compilePattern } from "../access/patterns.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { getMember, isMembers } from "../mcp/lossless-json.ts";
import { TOOL_HINTS, type ToolsetKind, type ToolsetMember } from "./toolset.ts";

export interface ToolsetCandidate {
  readonly kind: ToolsetKind;
  readonly server: { readonly id: string; readonly tags: readonly string[] };
  /** The name that the server uses, or the URI of a resource. */
  readonly name: string;
  readonly definition: JsonObject;
}

export type ItemSelection = (candidate: ToolsetCandidate) => boolean;

/** An item is selected if a member includes it and no member excludes it. */
export function compileSelection(members: readonly ToolsetMember[]): ItemSelection {
  const compiled = members.map((member) => ({
    isExcluded: member.isExcluded === true,
    matches: compileMember(member),
  }));
  const included = compiled.filter(({ isExcluded }) => !isExcluded);
  const excluded = compiled.filter(({ isExcluded }) => isExcluded);
  return (candidate) =>
    included.some(({ matches }) => matches(candidate)) && !excluded.some(({ matches }) => matches(candidate));
}

/** The servers whose items the members can include; undefined for any server. */
export function listSelectedServers(members: readonly ToolsetMember[]): ReadonlySet<string> | undefined {
  const ids = members.flatMap(({ isExcluded, serverId }) => (isExcluded === true ? [] : [serverId]));
  const named = ids.flatMap((id) => id ?? []);
  return named.length === ids.length ? new Set(named) : undefined;
}

function compileMember(member: ToolsetMember): ItemSelection {
  const { kind, serverId, pattern = "*", serverTags, hints = {} } = member;
  // No pattern can be stored that is none; if one is, it must not open anything.
  const matches = compilePattern(pattern) ?? (() => member.isExcluded === true);
  const required = TOOL_HINTS.filter((hint) => hints[hint] !== undefined);
  return ({ kind: actual, server, name, definition }) => {
    if (kind !== actual || (serverId !== undefined && serverId !== server.id)) return false;
    if (serverTags !== undefined && !serverTags.some((tag) => server.tags.includes(tag))) return false;
    if (!matches(name)) return false;
    const annotations = required.length === 0 ? undefined : getMember(definition, "annotations");
    const stated = isMembers(annotations) ? annotations : {};
    return required.every((hint) => getMember(stated, hint) === hints[hint]);
  };
}
