/**
 * Step-up authentication: what changes how an account is entered, and what mints credentials, takes a session that
 * began a short while ago. Signing in again, with the second factor where there is one, begins such a session.
 */
export const RECENT_MINUTES = 15;

export const isRecent = (authenticatedAt: Date, now: number) =>
  now - authenticatedAt.getTime() <= RECENT_MINUTES * 60_000;

/** The endpoints of better-auth that need a recent session. */
export const SENSITIVE_PATHS: ReadonlySet<string> = new Set([
  "/change-password",
  "/link-social",
  "/unlink-account",
  "/passkey/generate-register-options",
  "/passkey/verify-registration",
  "/passkey/delete-passkey",
  "/two-factor/enable",
  "/two-factor/disable",
  "/two-factor/generate-backup-codes",
]);

/** Those of them that check the password of the signed-in person, and so could be used to guess it. */
export const PASSWORD_CHECKS: ReadonlySet<string> = new Set([
  "/change-password",
  "/two-factor/enable",
  "/two-factor/disable",
  "/two-factor/generate-backup-codes",
]);

/** Those of them that add a second factor. */
export const SECOND_FACTOR_SETUP: ReadonlySet<string> = new Set([
  "/two-factor/enable",
  "/two-factor/generate-backup-codes",
]);
