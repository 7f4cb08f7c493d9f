/** Restricts servers and their items to those that the principal can use; admins see all. */
import { NotFoundError } from "../../core/errors.ts";
import type { AccessPolicy } from "../../policy/access-policy.ts";
import { createAccessPolicy } from "../../policy/access-policy.ts";
import { findBoundSlugs } from "../../policy/toolset-bindings.ts";
import type { ApiContext } from "../resource/scope.ts";

export type Visibility = AccessPolicy["allows"];

const ALL: Visibility = () => true;
const NONE: Visibility = () => false;

interface VisibilityContext {
  readonly var: {
    readonly principal: ApiContext["var"]["principal"];
    readonly services: Pick<ApiContext["var"]["services"], "snapshots">;
  };
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void };
}

export async function loadVisibility(c: VisibilityContext): Promise<Visibility> {
  const { principal, services } = c.var;
  if (principal.role === "admin") return ALL;
  const tenant = await services.snapshots.get(principal.tenantId, (work) => c.executionCtx.waitUntil(work));
  if (tenant === undefined) return NONE;
  // A bound caller reaches no server endpoint: see core/toolsets/bindings.ts.
  if (findBoundSlugs(principal, tenant, Date.now()) !== undefined) return NONE;
  const { allows } = createAccessPolicy(seeing(principal), tenant, new Date());
  return allows;
}

/**
 * Visibility depends on role and access rules only: a credential without the scope for calls still lists what its owner
 * can use with another one.
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
