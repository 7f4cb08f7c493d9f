/** May somebody in this role, with a credential of these scopes, take an action at all: RBAC and scopes, nothing else. */
import type { ApiKeyScope, Role } from "../vocabulary.ts";
import { ACTIONS, type Action, type ActionRule, hasRole, hasScope } from "./actions.ts";

export interface Rights {
  readonly role: Role;
  readonly scopes: readonly ApiKeyScope[];
  readonly isOperator?: boolean | undefined;
}

export type ActionDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly missing: { role: Role } | { scope: ApiKeyScope } | "operator" };

/** The role is asked first: who lacks it is not helped by a wider scope. */
export function decideAction(rights: Rights, action: Action): ActionDecision {
  const rule: ActionRule = ACTIONS[action];
  if (rule.operator === true && rights.isOperator !== true) return { allowed: false, missing: "operator" };
  // An operator need not be a member of anything to look after the whole.
  if (rule.operator !== true && !hasRole(rights.role, rule.role)) {
    return { allowed: false, missing: { role: rule.role } };
  }
  if (!hasScope(rights.scopes, rule.scope)) return { allowed: false, missing: { scope: rule.scope } };
  return { allowed: true };
}
