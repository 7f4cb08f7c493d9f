/**
 * What the OAuth provider leaves open, closed around its endpoints: access tokens are signed and stay valid after their
 * code or refresh token turns out stolen (RFC 9700 §2.1.1, §4.14), and it cannot take a signed token back (RFC 7009).
 */
import type { BetterAuthPlugin } from "better-auth";
import { APIError, createAuthMiddleware, isAPIError } from "better-auth/api";
import { decodeJwt } from "jose";
import { z } from "zod";
import { toBase64url } from "../../core/base64url.ts";
import { sha256Hex } from "../../core/digest.ts";
import type { Database } from "../../db/client.ts";
import { deleteGrant, findRefreshToken, saveRevokedToken } from "../../db/queries/access/grants.ts";
import { findOpenSecret, saveSecret } from "../../db/queries/identity/user-accounts.ts";
import { recordSecurityEvent } from "../../db/queries/logs/security.ts";
import { looksLikeJwt } from "../credential-kinds.ts";
import { type AccessTokens, parseClaims, revokedTokenKey } from "./access-tokens.ts";
import { validateRegistration } from "./registration-limits.ts";

interface ReplayProtectionDeps {
  readonly database: Database;
  readonly accessTokens: AccessTokens;
  readonly onUserChanged: (userId: string) => Promise<void>;
  readonly now: () => number;
}

const tokenRequest = z.object({
  grant_type: z.string(),
  client_id: z.string().optional(),
  code: z.string().optional(),
  refresh_token: z.string().optional(),
});
const tokenResponse = z.object({ access_token: z.string() });
const tokenToEnd = z.object({ token: z.string() });
const usedCode = z.object({ clientId: z.string(), userId: z.string(), tenantId: z.string() });
const registration = z.object({
  application_type: z.string().optional(),
  redirect_uris: z.array(z.string()),
});

export function createReplayProtection({
  database,
  accessTokens,
  onUserChanged,
  now,
}: ReplayProtectionDeps): BetterAuthPlugin {
  const db = database.asSystem();

  const endBecause = async (
    grant: { clientId: string; userId: string; tenantId?: string },
    type: "oauth.code-replayed" | "oauth.refresh-token-reused",
    description: string,
  ) => {
    await db.batch([
      ...deleteGrant(db, grant),
      recordSecurityEvent(db, {
        type,
        description,
        userId: grant.userId,
        tenantId: grant.tenantId,
        details: { clientId: grant.clientId },
      }),
    ]);
    await onUserChanged(grant.userId);
  };

  const beforeToken = createAuthMiddleware(async (ctx) => {
    const request = tokenRequest.safeParse(ctx.body).data;
    if (request?.grant_type === "authorization_code" && request.code !== undefined) {
      const [used] = await findOpenSecret(db, await usedCodeKey(request.code), new Date(now()));
      const grant = used && usedCode.parse(JSON.parse(used.value));
      if (grant !== undefined && grant.clientId === request.client_id) {
        await endBecause(grant, "oauth.code-replayed", "Authorization code reused.");
      }
    }
    if (request?.grant_type === "refresh_token" && request.refresh_token !== undefined) {
      const [row] = await findRefreshToken(db, await providerTokenHash(request.refresh_token));
      const isReuse = row?.revoked != null && (row.replayUntil?.getTime() ?? 0) <= now();
      if (row !== undefined && isReuse && row.clientId === request.client_id) {
        await endBecause(row, "oauth.refresh-token-reused", "Refresh token reused after rotation.");
      }
    }
  });

  const afterToken = createAuthMiddleware(async (ctx) => {
    const code = tokenRequest.safeParse(ctx.body).data?.code;
    const answer = tokenResponse.safeParse(ctx.context.returned).data;
    if (code === undefined || answer === undefined || !looksLikeJwt(answer.access_token)) return;
    const token = parseClaims(decodeJwt(answer.access_token));
    if (token === undefined) return;
    const value = { clientId: token.client_id, userId: token.sub, tenantId: token.tenant };
    await saveSecret(db, {
      identifier: await usedCodeKey(code),
      value: JSON.stringify(value),
      expiresAt: new Date(token.exp * 1000),
    });
  });

  /** The provider has verified client and token before it responds that it cannot revoke this kind. */
  const afterRevoke = createAuthMiddleware(async (ctx) => {
    const error = ctx.context.returned;
    const presented = tokenToEnd.safeParse(ctx.body).data?.token;
    if (!isAPIError(error) || error.body?.error !== "unsupported_token_type" || presented === undefined)
      return;
    const token = parseClaims(decodeJwt(presented));
    if (token !== undefined && token.client_id === findClientId(ctx.body, ctx.headers)) {
      await saveRevokedToken(db, {
        token: await revokedTokenKey(token.jti),
        clientId: token.client_id,
        userId: token.sub,
        referenceId: token.tenant,
        scopes: [],
        revoked: new Date(now()),
        expiresAt: new Date(token.exp * 1000),
      });
      await onUserChanged(token.sub);
    }
    // RFC 7009 §2.2: the same answer, whether it was the client's own token or not.
    return new Response(null, { status: 200 });
  });

  const afterIntrospect = createAuthMiddleware(async (ctx) => {
    const token = parseClaims(ctx.context.returned);
    if (token === undefined || (await accessTokens.stands(token))) return;
    return ctx.json({ active: false });
  });

  /** Registration is open to anonymous clients, so what it stores is bounded. */
  const limitRegistration = createAuthMiddleware(async (ctx) => {
    const fault = validateRegistration(ctx.body);
    if (fault === undefined) return;
    throw new APIError("BAD_REQUEST", { error: "invalid_client_metadata", error_description: fault });
  });

  /** RFC 7591 leaves it out; the provider then takes every client for a web site and refuses loopback redirects. */
  const beforeRegister = createAuthMiddleware(async (ctx) => {
    const client = registration.safeParse(ctx.body).data;
    if (client === undefined || client.application_type !== undefined) return;
    if (client.redirect_uris.every((uri) => uri.startsWith("https:"))) return;
    return { context: { body: { application_type: "native" } } };
  });

  const at = (path: string) => (ctx: { path?: string | undefined }) => ctx.path === path;
  return {
    id: "gateway-oauth-safety",
    hooks: {
      before: [
        { matcher: at("/oauth2/token"), handler: beforeToken },
        { matcher: at("/oauth2/register"), handler: limitRegistration },
        { matcher: at("/oauth2/register"), handler: beforeRegister },
      ],
      after: [
        { matcher: at("/oauth2/token"), handler: afterToken },
        { matcher: at("/oauth2/revoke"), handler: afterRevoke },
        { matcher: at("/oauth2/introspect"), handler: afterIntrospect },
      ],
    },
  };
}

const usedCodeKey = async (code: string) => `used-code:${await sha256Hex(code)}`;

/** As the provider stores tokens by default: SHA-256 in base64url. */
async function providerTokenHash(token: string): Promise<string> {
  return toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))));
}

function findClientId(body: unknown, headers: Headers | undefined): string | undefined {
  const named = z.object({ client_id: z.string() }).safeParse(body).data?.client_id;
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(headers?.get("authorization") ?? "")?.[1];
  if (basic === undefined) return named;
  return decodeURIComponent(atob(basic).split(":")[0] ?? "");
}
