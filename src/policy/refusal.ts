/** What somebody lacks for an action, as every door says it: REST, pages and MCP. */
import type { Permission } from "../core/access/permissions.ts";
import { evaluatePermission, type PrincipalRights } from "../core/access/rbac.ts";
import { ForbiddenError } from "../core/errors.ts";

/** Undefined for whoever may. */
export function refusalOf(rights: PrincipalRights, action: Permission): ForbiddenError | undefined {
  const decision = evaluatePermission(rights, action);
  if (decision.allowed) return undefined;
  const { missing } = decision;
  if (missing === "operator") {
    return new ForbiddenError(`Only those who run this gateway may do this (${action}).`);
  }
  if ("role" in missing) {
    return new ForbiddenError(`This takes the role ${missing.role} (${action}).`, missing);
  }
  return new ForbiddenError(`This takes the scope ${missing.scope} (${action}).`, missing);
}

/** A key that is bound to IP ranges came from outside of them. */
export const keyAddressRefusal = () =>
  new ForbiddenError(
    "This API key is not accepted from your IP address. Use it from one of its allowed IP ranges, or ask an administrator to change them.",
  );
