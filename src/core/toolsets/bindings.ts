/**
 * Toolset bindings: an API key, an OAuth client, a group or a role is bound to one toolset, and a bound caller reaches
 * nothing else. The key, the client and the user of a call are judged apart, and what all of them allow remains:
 *
 * 1. a bound key allows its toolset;
 * 2. a bound OAuth client allows its toolset;
 * 3. the user's bound groups allow the toolset of each; without a bound group, a bound role allows its toolset.
 *
 * So a binding of a key never widens what its owner is bound to, and bindings that contradict each other allow nothing.
 */
import type { BINDING_SUBJECTS, Role } from "../enums.ts";

export interface ToolsetBinding {
  readonly subjectType: (typeof BINDING_SUBJECTS)[number];
  readonly subjectId: string;
  readonly toolsetId: string;
}

/** Toolset IDs by subject. */
export type CompiledBindings = ReadonlyMap<string, string>;

const subject = (type: ToolsetBinding["subjectType"], id: string) => `${type}:${id}`;

export const compileBindings = (bindings: readonly ToolsetBinding[]): CompiledBindings =>
  new Map(
    bindings.map(({ subjectType, subjectId, toolsetId }) => [subject(subjectType, subjectId), toolsetId]),
  );

export interface BindableCaller {
  readonly role: Role;
  readonly keyId: string | undefined;
  readonly clientId: string | undefined;
  /** Those whose membership has not expired. */
  readonly groups: readonly string[];
}

/** The toolsets that the caller can reach; undefined for a caller who is not bound. */
export function resolveBoundToolsets(
  bindings: CompiledBindings,
  { role, keyId, clientId, groups }: BindableCaller,
): ReadonlySet<string> | undefined {
  const find = (type: ToolsetBinding["subjectType"], id: string | undefined) => {
    const toolsetId = id === undefined ? undefined : bindings.get(subject(type, id));
    return toolsetId === undefined ? [] : [toolsetId];
  };
  const ofGroups = groups.flatMap((id) => find("group", id));
  const sets = [
    find("key", keyId),
    find("client", clientId),
    ofGroups.length > 0 ? ofGroups : find("role", role),
  ]
    .filter((toolsets) => toolsets.length > 0)
    .map((toolsets) => new Set(toolsets));
  const [first, ...others] = sets;
  return first && new Set([...first].filter((id) => others.every((other) => other.has(id))));
}
