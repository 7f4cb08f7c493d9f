/** What a principal may see and use of a tenant's servers. */
import { type AccessTarget, authorizeTarget, type TargetKind } from "../core/access/authorize.ts";
import { evaluatePermission } from "../core/access/rbac.ts";
import { type ActiveRules, activeRules } from "../core/access/rules.ts";
import { authorizeToolset } from "../core/access/toolset-rules.ts";
import type { Principal } from "../identity/principal.ts";
import type { SnapshotServer, TenantSnapshot } from "./snapshot.ts";

export type { TargetKind } from "../core/access/authorize.ts";

/** The annotations of the item. */
export interface TargetFacts {
  /** The readOnlyHint of the tool's current definition, if the caller has it; otherwise the stored one applies. */
  readonly readOnlyHint?: boolean | undefined;
  /** The hash of the tool's current definition, if the caller has it. */
  readonly hash?: string | undefined;
}

export interface AccessPolicy {
  /**
   * What is shown depends on the caller: nothing of it may be cached for others. That is so for every tenant: the role
   * alone already hides things, and the same address serves all tenants.
   */
  readonly isPersonal: boolean;
  /** `name` is the server's own: a tool's or a prompt's name, a resource's URI or template; the server's name for the server. */
  allows(kind: TargetKind, serverId: string, name: string, facts?: TargetFacts): boolean;
  /** The policy at the toolset's endpoint, whose items are those of the toolset; undefined if a rule denies it. */
  enterToolset(slug: string): AccessPolicy | undefined;
}

export const DENY_ALL: AccessPolicy = {
  isPersonal: true,
  allows: () => false,
  enterToolset: () => undefined,
};

interface CachedPolicy {
  readonly access: AccessPolicy;
  readonly until: number;
}

/** By snapshot and principal, both of which are new when anything about them has changed. */
const policyCache = new WeakMap<TenantSnapshot, WeakMap<Principal, CachedPolicy>>();

export function createAccessPolicy(principal: Principal, tenant: TenantSnapshot, now: Date): AccessPolicy {
  let ofTenant = policyCache.get(tenant);
  if (ofTenant === undefined) {
    ofTenant = new WeakMap();
    policyCache.set(tenant, ofTenant);
  }
  const known = ofTenant.get(principal);
  if (known !== undefined && now.getTime() < known.until) return known.access;
  const { role, scopes, userId, apiKeyId: keyId, groups } = principal;
  const rules = activeRules(tenant.rules, { role, scopes, userId, keyId, groups }, now);
  const access = buildPolicy(principal, tenant, rules);
  ofTenant.set(principal, { access, until: rules.until });
  return access;
}

/** Changed since it was approved, in a tenant that reviews changes first: recorded already, or detected just now. */
function isHeld({ withheldTools, approved }: SnapshotServer, name: string, hash?: string): boolean {
  if (withheldTools.has(name)) return true;
  const known = hash === undefined ? undefined : approved?.get(name);
  return known !== undefined && known !== hash;
}

function buildPolicy(principal: Principal, tenant: TenantSnapshot, rules: ActiveRules): AccessPolicy {
  // The endpoint rejects such a principal with a reason; an endpoint that fails to check still allows nothing.
  if (!evaluatePermission(principal, "mcp.connect").allowed) return DENY_ALL;
  // One for all toolsets, because what is kept for a policy (merged lists) is kept by its identity.
  let open: AccessPolicy | undefined;
  const policy: AccessPolicy = {
    isPersonal: true,
    allows(kind, serverId, name, facts) {
      const server = tenant.serversById.get(serverId);
      if (server === undefined) return false;
      if (kind === "tool" && isHeld(server, name, facts?.hash)) return false;
      const readOnly = facts?.readOnlyHint ?? server.readOnlyTools.has(name);
      const target: AccessTarget = { kind, serverId, serverName: server.name, name, readOnly };
      return authorizeTarget(principal.role, target, rules).allowed;
    },
    enterToolset(slug) {
      const decision = authorizeToolset(slug, rules);
      if (decision === "denied") return undefined;
      if (decision === "default" || rules.accessDefault === "allow") return policy;
      open ??= buildPolicy(principal, tenant, { ...rules, accessDefault: "allow" });
      return open;
    },
  };
  return policy;
}
