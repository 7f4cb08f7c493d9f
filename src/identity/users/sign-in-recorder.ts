/**
 * Records each completed sign-in in the audit log of the organization that it enters: by which method, with which
 * second factor, from which address. A better-auth plugin, because its hook has to run after that of the two-factor
 * plugin, which deletes the session of a sign-in whose second factor is outstanding.
 */
import type { BetterAuthPlugin } from "better-auth";
import { createAuthMiddleware, isAPIError } from "better-auth/api";
import type { Database } from "../../db/client.ts";
import { setSessionData } from "../../db/queries/identity/user-accounts.ts";
import { SIGNED_IN } from "../../db/queries/logs/audit.ts";
import { recordAudit } from "../../db/queries/logs/security.ts";
import { SSO_CALLBACK } from "../sso/sso-path.ts";
import { clientIp } from "./hooks.ts";
import { PASSKEY_SIGN_IN } from "./passkeys.ts";

/** What proved who signed in, by the endpoint that completed the sign-in. */
const METHODS: Readonly<Record<string, string>> = {
  "/sign-in/email": "password",
  "/sign-in/username": "password",
  "/two-factor/verify-totp": "authenticator app",
  "/two-factor/verify-backup-code": "backup code",
  [PASSKEY_SIGN_IN]: "passkey",
  [SSO_CALLBACK]: "single sign-on",
};
const CALLBACK = "/callback/:id";

const isSignIn = ({ path }: { readonly path?: string | undefined }) =>
  path !== undefined && (path === CALLBACK || Object.hasOwn(METHODS, path));

export function createSignInRecorder(database: Database) {
  const handler = createAuthMiddleware(async (ctx) => {
    const { newSession, session: before, returned } = ctx.context;
    // With a session before it, a code confirms that the second factor is being enabled, and connecting a provider
    // account is no sign-in.
    if (newSession == null || before != null || (isAPIError(returned) && returned.statusCode >= 400)) return;
    const { user, session } = newSession;
    const method = ctx.path === CALLBACK ? String(ctx.params?.id) : METHODS[ctx.path];
    const isProved = ctx.path === PASSKEY_SIGN_IN || ctx.path.startsWith("/two-factor/");
    const isProvedElsewhere = session.isSecondFactorProved === true && ctx.path !== PASSKEY_SIGN_IN;
    const isTrusted = user.twoFactorEnabled === true && !isProved && !isProvedElsewhere;
    const db = database.asSystem();
    const tenantId: unknown = session.activeTenantId;
    const details = {
      method,
      ...(isTrusted && { secondFactor: "trusted device" }),
      ...(isProvedElsewhere && { secondFactor: "identity provider" }),
    };
    await setSessionData(db, session.id, details);
    await recordAudit(db, {
      tenantId: typeof tenantId === "string" ? tenantId : undefined,
      userId: user.id,
      sessionId: session.id,
      action: SIGNED_IN,
      resourceType: "person",
      resourceId: user.id,
      success: true,
      ipAddress: clientIp(ctx.headers),
      userAgent: ctx.headers?.get("user-agent")?.slice(0, 500),
      details: {
        ...details,
        ...(typeof session.identityProviderId === "string" && {
          identityProviderId: session.identityProviderId,
        }),
      },
    });
  });
  return {
    id: "sign-in-recorder",
    hooks: { after: [{ matcher: isSignIn, handler }] },
  } satisfies BetterAuthPlugin;
}
