/** Whose connected accounts a request is about, and who decides about the one for discovery. */
import { evaluatePermission } from "../../core/access/rbac.ts";
import { ForbiddenError } from "../../core/errors.ts";
import type { Principal } from "../../identity/principal.ts";

export const accountResource = (serverId: string) => ({ type: "connected_account", id: serverId });

/** Accounts are a member's own: an admin who impersonates the member neither sees nor changes them. */
export function requireMember({ userId, impersonatorId }: Principal): string {
  if (userId === undefined) {
    throw new ForbiddenError("Connected accounts belong to members. Use the credential of a member.");
  }
  if (impersonatorId !== undefined) {
    throw new ForbiddenError("Connected accounts cannot be used while you impersonate a member.");
  }
  return userId;
}

/** The consent comes back to the browser that it left from. */
export function requireSession({ sessionId }: Principal): string {
  if (sessionId !== undefined) return sessionId;
  throw new ForbiddenError(
    "Consent requires a browser. Sign in, and connect the account under Connected accounts.",
  );
}

export function requireMayAppoint(principal: Principal): void {
  if (evaluatePermission(principal, "servers.update").allowed) return;
  throw new ForbiddenError("Only an admin appoints the account for capability discovery.");
}
