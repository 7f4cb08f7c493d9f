/**
 * Refuses what creates or removes credentials to sessions whose sign-in is not recent (identity/users/step-up.ts). API
 * keys are not left open in a browser; their scopes decide.
 */
import { ForbiddenError } from "../core/errors.ts";
import type { Principal } from "../identity/principal.ts";
import { isRecent, RECENT_MINUTES } from "../identity/users/step-up.ts";

export function requireRecentSignIn(principal: Principal, what: string): void {
  const { authenticatedAt, via } = principal;
  if (via !== "session") return;
  if (authenticatedAt !== undefined && isRecent(authenticatedAt, Date.now())) return;
  throw new ForbiddenError(
    `${what} requires a sign-in within the last ${RECENT_MINUTES} minutes. Sign in again.`,
    { authentication: "recent" },
  );
}
