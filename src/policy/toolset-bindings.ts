/** The toolsets that a principal is bound to, in a tenant's snapshot. */
import { listActiveGroups } from "../core/access/groups.ts";
import { resolveBoundToolsets } from "../core/toolsets/bindings.ts";
import type { Principal } from "../identity/principal.ts";
import type { TenantSnapshot } from "./snapshot.ts";

/** In the order of the snapshot, without those that are disabled; undefined for a caller who is not bound. */
export function findBoundSlugs(
  { role, apiKeyId: keyId, oauthClientId: clientId, groups }: Principal,
  { bindings, toolsets }: Pick<TenantSnapshot, "bindings" | "toolsets">,
  now: number,
): readonly string[] | undefined {
  if (bindings.size === 0) return undefined;
  const caller = { role, keyId, clientId, groups: listActiveGroups(groups, now) };
  const bound = resolveBoundToolsets(bindings, caller);
  return bound && [...toolsets.values()].flatMap(({ id, slug }) => (bound.has(id) ? [slug] : []));
}
