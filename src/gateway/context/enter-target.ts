/**
 * Decides what a caller reaches at an endpoint, before anything is done for the request: a bound caller the toolsets of
 * the binding only (core/toolsets/bindings.ts), and no caller a toolset that an access rule denies.
 */
import { ForbiddenError, type GatewayError, NotFoundError } from "../../core/errors.ts";
import type { Principal } from "../../identity/principal.ts";
import { type AccessPolicy, createAccessPolicy, DENY_ALL } from "../../policy/access-policy.ts";
import type { TenantSnapshot } from "../../policy/snapshot.ts";
import { findBoundSlugs } from "../../policy/toolset-bindings.ts";
import type { EndpointTarget } from "../catalog/catalog.ts";

export interface EnteredTarget {
  /** What is served: that of the URL, or for a bound caller of the aggregated endpoint the toolset. */
  readonly target: EndpointTarget;
  /** At this target; allows nothing where the target is refused. */
  readonly access: AccessPolicy;
  readonly refusal: TargetRejection | undefined;
}

export interface TargetRejection {
  readonly error: GatewayError;
  /** For the security log; undefined for a toolset that does not exist. */
  readonly denial: string | undefined;
}

export function enterTarget(
  target: EndpointTarget,
  principal: Principal,
  tenant: TenantSnapshot,
  now: Date,
): EnteredTarget {
  const bound = findBoundSlugs(principal, tenant, now.getTime());
  const entered = bound === undefined ? target : bindTarget(target, bound);
  if (entered === undefined) return refuse(target, boundElsewhere(target, bound ?? []));
  const access = createAccessPolicy(principal, tenant, now);
  const { toolset } = entered;
  if (toolset === undefined) return { target: entered, access, refusal: undefined };
  if (!tenant.toolsets.has(toolset)) return refuse(target, { error: unknownToolset(), denial: undefined });
  const ofToolset = access.enterToolset(toolset);
  if (ofToolset !== undefined) return { target: entered, access: ofToolset, refusal: undefined };
  const denial = `An access rule denies access to toolset ${toolset}.`;
  return refuse(target, { error: unknownToolset(), denial });
}

const refuse = (target: EndpointTarget, refusal: TargetRejection): EnteredTarget => ({
  target,
  access: DENY_ALL,
  refusal,
});

const unknownToolset = () => new NotFoundError("Toolset not found. Check the URL.");

/** The aggregated endpoint serves the first toolset; no server endpoint is left, because it would bypass overrides. */
function bindTarget(target: EndpointTarget, bound: readonly string[]): EndpointTarget | undefined {
  const { serverName, toolset } = target;
  if (serverName !== undefined) return undefined;
  const wanted = toolset ?? bound[0];
  return wanted !== undefined && bound.includes(wanted) ? { ...target, toolset: wanted } : undefined;
}

function boundElsewhere({ serverName, toolset }: EndpointTarget, bound: readonly string[]): TargetRejection {
  const denial = `The caller is bound to toolset ${bound.join(", ") || "(none that is enabled)"}.`;
  if (serverName !== undefined) {
    return { error: new NotFoundError("Server not found, or access denied. Check the URL."), denial };
  }
  if (toolset !== undefined) return { error: unknownToolset(), denial };
  const message = "Your toolset binding allows no enabled toolset. Ask an organization admin to change it.";
  return { error: new ForbiddenError(message), denial };
}
