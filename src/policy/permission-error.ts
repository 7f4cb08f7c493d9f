/** Creates the error for a missing permission, the same for REST, pages and MCP. */
import type { Permission } from "../core/access/permissions.ts";
import { evaluatePermission, type PrincipalRights } from "../core/access/rbac.ts";
import { ForbiddenError } from "../core/errors.ts";

/** Returns undefined if the principal has the permission. */
export function permissionError(rights: PrincipalRights, action: Permission): ForbiddenError | undefined {
  const decision = evaluatePermission(rights, action);
  if (decision.allowed) return undefined;
  const { missing } = decision;
  if (missing === "operator") {
    return new ForbiddenError(`Requires operator privileges (${action}).`);
  }
  if ("role" in missing) {
    return new ForbiddenError(`Requires role ${missing.role} (${action}).`, missing);
  }
  return new ForbiddenError(`Requires scope ${missing.scope} (${action}).`, missing);
}

/** The tenant requires a second factor that the user does not have. */
export const secondFactorError = () =>
  new ForbiddenError(
    "Your organization requires two-factor authentication. Set it up under Account, then retry.",
    { authentication: "second-factor" },
  );

/** A key that is bound to IP ranges came from outside of them. */
export const keyAddressError = () =>
  new ForbiddenError(
    "This API key is not allowed from your IP address. Use it from its allowed IP ranges, or ask an admin to change them.",
  );
