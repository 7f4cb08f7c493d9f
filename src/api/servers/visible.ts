/** Of servers and what they offer, everybody sees what they may use, and admins see everything. */
import { NotFoundError } from "../../core/errors.ts";
import type { AccessPolicy } from "../../policy/access-policy.ts";
import { createAccessPolicy } from "../../policy/access-policy.ts";
import type { ApiContext } from "../resource/scope.ts";

export type Visibility = AccessPolicy["allows"];

const ALL: Visibility = () => true;
const NONE: Visibility = () => false;

export async function loadVisibility(c: ApiContext): Promise<Visibility> {
  const { principal, services } = c.var;
  if (principal.role === "admin") return ALL;
  const tenant = await services.snapshots.get(principal.tenantId, (work) => c.executionCtx.waitUntil(work));
  if (tenant === undefined) return NONE;
  const { allows } = createAccessPolicy(seeing(principal), tenant, new Date());
  return allows;
}

/**
 * Whether somebody may see is asked of their role and the rules alone: that this credential is one for reading and not
 * for using is no reason to hide from it what its holder may use with another.
 */
const seen = new WeakMap<ApiContext["var"]["principal"], ApiContext["var"]["principal"]>();

function seeing(principal: ApiContext["var"]["principal"]): ApiContext["var"]["principal"] {
  let twin = seen.get(principal);
  if (twin === undefined) {
    twin = { ...principal, scopes: [...principal.scopes, "proxy"] };
    seen.set(principal, twin);
  }
  return twin;
}

export async function requireVisible(c: ApiContext, server: { id: string; name: string }): Promise<void> {
  const allows = await loadVisibility(c);
  if (!allows("server", server.id, server.name)) throw new NotFoundError("Server not found.");
}
