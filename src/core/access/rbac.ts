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

/** The role is asked first: who lacks it is not helped by a wider scope. */
export function evaluatePermission(rights: PrincipalRights, permission: Permission): PermissionDecision {
  const rule: PermissionRule = PERMISSIONS[permission];
  if (rule.operator === true && rights.isOperator !== true) return { allowed: false, missing: "operator" };
  // An operator need not be a member of anything to look after the whole.
  if (rule.operator !== true && !hasRole(rights.role, rule.role)) {
    return { allowed: false, missing: { role: rule.role } };
  }
  if (!hasScope(rights.scopes, rule.scope)) return { allowed: false, missing: { scope: rule.scope } };
  return { allowed: true };
}
