/** Decides whether a role and the scopes of a credential include a permission. */
import type { ApiKeyScope, Role } from "../enums.ts";
import type { PermissionRule } from "./permission-rule.ts";
import { hasRole, hasScope, PERMISSIONS, type Permission } from "./permissions.ts";

export interface PrincipalRights {
  readonly role: Role;
  readonly scopes: readonly ApiKeyScope[];
  readonly isOperator?: boolean | undefined;
}

export type PermissionDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly missing: { role: Role } | { scope: ApiKeyScope } | "operator" };

/** The role is checked first: a wider scope does not replace it. */
export function evaluatePermission(rights: PrincipalRights, permission: Permission): PermissionDecision {
  const rule: PermissionRule = PERMISSIONS[permission];
  if (rule.operator === true && rights.isOperator !== true) return { allowed: false, missing: "operator" };
  // An operator manages the installation without being a member of a tenant.
  if (rule.operator !== true && !hasRole(rights.role, rule.role)) {
    return { allowed: false, missing: { role: rule.role } };
  }
  if (!hasScope(rights.scopes, rule.scope)) return { allowed: false, missing: { scope: rule.scope } };
  return { allowed: true };
}
