/**
 * Decides whether a sign-in may begin a session, and of which tenant: the one that manages the account, or that of the
 * identity provider by which the sign-in came. Called for every way of signing in, before the session is stored.
 */
import type { GenericEndpointContext } from "better-auth";
import { APIError } from "better-auth/api";
import type { Database } from "../../db/client.ts";
import { findActiveProvider } from "../../db/queries/identity/sso.ts";
import { loadSignInFacts } from "../../db/queries/identity/user-accounts.ts";
import { takeProvider } from "../sso/pending-second-factor.ts";
import { IMPERSONATION } from "./hooks.ts";
import { PASSKEY_SIGN_IN } from "./passkeys.ts";

export interface StartSessionDeps {
  readonly database: Database;
  readonly now: () => number;
}

interface NewSession {
  readonly userId: string;
  readonly identityProviderId?: unknown;
  readonly [name: string]: unknown;
}

export async function startSession<S extends NewSession>(
  { database, now }: StartSessionDeps,
  session: S,
  ctx: GenericEndpointContext | null,
) {
  const db = database.asSystem();
  const facts = await loadSignInFacts(db, session.userId);
  if (facts.length === 0 || facts[0]?.isActive === false) {
    throw new APIError("FORBIDDEN", { code: "NOT_ACTIVE", message: "This account is disabled." });
  }
  const active = facts.filter(({ tenantStatus }) => tenantStatus === "active");
  const providerId = await findProviderId(session, ctx, now());
  if (providerId !== undefined) {
    const [provider] = await findActiveProvider(db, providerId);
    const entered = active.find(({ tenantId }) => tenantId === provider?.tenantId);
    if (entered === undefined) {
      throw new APIError("FORBIDDEN", { code: "SSO_UNAVAILABLE", message: "Single sign-on was rejected." });
    }
    return { ...session, identityProviderId: providerId, activeTenantId: entered.tenantId };
  }
  if (ctx?.path !== IMPERSONATION && active.some(({ isSsoRequired }) => isSsoRequired)) {
    throw new APIError("FORBIDDEN", {
      code: "SSO_REQUIRED",
      message: "Your organization requires single sign-on.",
    });
  }
  const home = active.find(({ tenantId, homeId }) => tenantId === homeId) ?? active[0];
  return {
    ...session,
    activeTenantId: home?.tenantId ?? null,
    ...(ctx?.path === PASSKEY_SIGN_IN && { isSecondFactorProved: true }),
  };
}

/** Of the sign-in itself, or of the one whose second factor has just been checked. */
async function findProviderId(session: NewSession, ctx: GenericEndpointContext | null, now: number) {
  const { identityProviderId, userId } = session;
  if (typeof identityProviderId === "string") return identityProviderId;
  if (ctx?.path?.startsWith("/two-factor/verify-") !== true) return undefined;
  return takeProvider(ctx, userId, now);
}
