/**
 * Single sign-on as a better-auth plugin, so that the second factor, the limits and the records of all sign-ins apply
 * to it. `startSso` is called by the sign-in page only; the callback is the one endpoint that the provider's answer
 * reaches. State, nonce and code verifier are stored under the hash of the state, serve once, and are bound to the
 * browser by a cookie.
 */
import type { BetterAuthPlugin } from "better-auth";
import { createAuthEndpoint } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { z } from "zod";
import { newToken, sha256Hex } from "../../core/digest.ts";
import { MINUTE_MS } from "../../core/durations.ts";
import { readIdentity } from "../../core/sso/claims.ts";
import type { Database } from "../../db/client.ts";
import { type ActiveProvider, findActiveProvider, takeSecret } from "../../db/queries/identity/sso.ts";
import { saveSecret } from "../../db/queries/identity/user-accounts.ts";
import type { SecurityEvent } from "../../db/queries/logs/security.ts";
import {
  buildAuthorizationUrl,
  exchangeCallback,
  type OidcDeps,
  type OidcSettings,
  type PendingSignIn,
} from "./oidc-client.ts";
import { rememberProvider } from "./pending-second-factor.ts";
import { resolveSsoUser, SsoSignInError } from "./resolve-user.ts";
import { SSO_CALLBACK, SSO_CALLBACK_PATH } from "./sso-path.ts";

export interface SsoDeps extends OidcDeps {
  readonly database: Database;
  readonly publicUrl: string;
  readonly openClientSecret: (identityProviderId: string, sealed: string) => Promise<string | undefined>;
  readonly onUserChanged: (userId: string) => Promise<void>;
  readonly recordEvent: (event: SecurityEvent) => Promise<void>;
  readonly now: () => number;
}

const STATE_COOKIE = "sso_state";
const STATE_TTL_MS = 10 * MINUTE_MS;

const stored = z.object({
  providerId: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  next: z.string(),
  isStepUp: z.boolean(),
});

const identifierOf = async (state: string) => `sso-state:${await sha256Hex(state)}`;
const isUuid = z.uuid();

export function createSsoSignIn(deps: SsoDeps) {
  const { database, publicUrl, now } = deps;
  const db = database.asSystem();
  const redirectUri = (id: string) => `${publicUrl}${SSO_CALLBACK_PATH}/${id}`;

  const findProvider = async (id: string): Promise<ActiveProvider> => {
    const [provider] = isUuid.safeParse(id).success ? await findActiveProvider(db, id) : [];
    if (provider === undefined) throw new SsoSignInError("sso_provider_unavailable");
    return provider;
  };

  const settingsOf = async (provider: ActiveProvider): Promise<OidcSettings> => {
    const { id, issuer, discoveryUrl, clientId, clientSecret: sealed } = provider;
    const clientSecret = sealed === null ? undefined : await deps.openClientSecret(id, sealed);
    if (sealed !== null && clientSecret === undefined) throw new SsoSignInError("sso_provider_unavailable");
    return { issuer, discoveryUrl, clientId, clientSecret };
  };

  const startSso = createAuthEndpoint(
    "/sso/start",
    {
      method: "POST",
      body: z.object({
        providerId: z.string(),
        next: z.string(),
        isStepUp: z.boolean(),
        email: z.string().optional(),
      }),
    },
    async (ctx) => {
      const { providerId, next, isStepUp, email } = ctx.body;
      const provider = await findProvider(providerId);
      const [state, nonce, codeVerifier] = [newToken(), newToken(), newToken()];
      const pending = { state, nonce, codeVerifier, redirectUri: redirectUri(provider.id), isStepUp };
      const hints = { loginHint: email, acrValues: provider.trustedAcr };
      const settings = await settingsOf(provider);
      const url = await buildAuthorizationUrl(deps, settings, pending, hints).catch((cause: unknown) => {
        throw new SsoSignInError("sso_provider_unavailable", { cause });
      });
      await saveSecret(db, {
        identifier: await identifierOf(state),
        value: JSON.stringify({ providerId: provider.id, nonce, codeVerifier, next, isStepUp }),
        expiresAt: new Date(now() + STATE_TTL_MS),
      });
      const cookie = ctx.context.createAuthCookie(STATE_COOKIE, { maxAge: STATE_TTL_MS / 1000 });
      await ctx.setSignedCookie(cookie.name, state, ctx.context.secret, cookie.attributes);
      return { url };
    },
  );

  /** What was kept of the sign-in that this browser began, and nothing a second time. */
  const takePending = async (id: string, state: string | null, ofBrowser: unknown) => {
    if (state === null || state !== ofBrowser) throw new SsoSignInError("sso_state_invalid");
    const [row] = await takeSecret(db, await identifierOf(state), new Date(now()));
    const kept = stored.safeParse(row === undefined ? undefined : JSON.parse(row.value));
    // A response of one provider at the redirect URI of another: mix-up.
    if (!kept.success || kept.data.providerId !== id) throw new SsoSignInError("sso_state_invalid");
    const { nonce, codeVerifier, isStepUp, next } = kept.data;
    const pending: PendingSignIn = { state, nonce, codeVerifier, isStepUp, redirectUri: redirectUri(id) };
    return { pending, next };
  };

  const finish = async (id: string, parameters: URLSearchParams, ofBrowser: unknown) => {
    const { pending, next } = await takePending(id, parameters.get("state"), ofBrowser);
    const provider = await findProvider(id);
    const settings = await settingsOf(provider);
    const claims = await exchangeCallback(
      ...([deps, settings, pending, parameters, provider.emailClaim] as const),
    ).catch((cause: unknown) => {
      throw new SsoSignInError("sso_failed", { cause });
    });
    const identity = readIdentity(claims, provider);
    if (identity === undefined) throw new SsoSignInError("sso_failed");
    const userId = await resolveSsoUser(database, provider, identity);
    return { provider, userId, next, isSecondFactorProved: identity.isSecondFactorProved };
  };

  const ssoCallback = createAuthEndpoint(SSO_CALLBACK, { method: "GET" }, async (ctx) => {
    const parameters = new URL(ctx.request?.url ?? publicUrl).searchParams;
    const id = String(ctx.params.providerId);
    const cookie = ctx.context.createAuthCookie(STATE_COOKIE);
    const ofBrowser = await ctx.getSignedCookie(cookie.name, ctx.context.secret);
    ctx.setCookie(cookie.name, "", { ...cookie.attributes, maxAge: 0 });
    let entered: Awaited<ReturnType<typeof finish>>;
    try {
      entered = await finish(id, parameters, ofBrowser);
    } catch (error) {
      if (!(error instanceof SsoSignInError)) throw error;
      await recordRefusal(deps, id, error, ctx.headers);
      throw ctx.redirect(`${publicUrl}/sign-in/error?error=${error.code}`);
    }
    const { provider, userId, next, isSecondFactorProved } = entered;
    const user = await ctx.context.internalAdapter.findUserById(userId);
    if (user === null) throw new TypeError("A user that was just found is not there.");
    const origin = { identityProviderId: provider.id, isSecondFactorProved };
    const session = await ctx.context.internalAdapter.createSession(userId, false, origin, true);
    if (!isSecondFactorProved) await rememberProvider(ctx, { userId, providerId: provider.id }, now());
    await setSessionCookie(ctx, { session, user });
    await deps.onUserChanged(userId);
    throw ctx.redirect(`${publicUrl}${next}`);
  });

  return { id: "sso", endpoints: { startSso, ssoCallback } } satisfies BetterAuthPlugin;
}

/** For the admins of the provider's tenant; what caused it is for them, and not for the browser. */
async function recordRefusal(
  { database, recordEvent }: SsoDeps,
  id: string,
  { code, cause }: SsoSignInError,
  headers: Headers | undefined,
): Promise<void> {
  const known = isUuid.safeParse(id).success ? await findActiveProvider(database.asSystem(), id) : [];
  const reason = cause instanceof Error ? cause.message.slice(0, 500) : undefined;
  await recordEvent({
    type: "sso.refused",
    tenantId: known[0]?.tenantId,
    description: `Single sign-on was rejected: ${code}.`,
    ipAddress: headers?.get("cf-connecting-ip") ?? "unknown",
    details: { code, identityProvider: known[0]?.name, reason },
  });
}
