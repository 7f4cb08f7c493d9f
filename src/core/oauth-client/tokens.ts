/** Tokens of a connected account: as the authorization server gives them, and as they are sealed with what renews them. */
import { z } from "zod";
import { TOKEN_AUTH_METHODS } from "./client-registration.ts";

/** A token goes into a header, so it is visible ASCII. */
const token = z.string().regex(/^[\x21-\x7e]{1,16000}$/);

/** Of RFC 6749 §5.1, after the checks of the protocol library. */
export const tokenAnswer = z.object({
  access_token: token,
  refresh_token: token.optional(),
  expires_in: z.number().positive().max(1e9).optional(),
  scope: z.string().max(10_000).optional(),
});
export type TokenAnswer = z.output<typeof tokenAnswer>;

export const oauthClient = z.object({
  id: z.string(),
  secret: z.string().optional(),
  method: z.enum(TOKEN_AUTH_METHODS),
});

/** What is sealed: enough to renew and to revoke without any other request. */
export const accountTokens = z.object({
  accessToken: token,
  refreshToken: token.optional(),
  /** Milliseconds since 1970. */
  obtainedAt: z.number(),
  expiresAt: z.number().optional(),
  /** They were obtained because the server had rejected the tokens before. */
  isReplacement: z.boolean().optional(),
  scopes: z.array(z.string()),
  issuer: z.string(),
  tokenEndpoint: z.string(),
  revocationEndpoint: z.string().optional(),
  client: oauthClient,
  resource: z.string().optional(),
});
export type AccountTokens = z.output<typeof accountTokens>;

type Source = Omit<
  AccountTokens,
  "accessToken" | "refreshToken" | "obtainedAt" | "expiresAt" | "isReplacement" | "scopes"
>;

/**
 * Takes an answer over. A server that sends no new refresh token means that the old one goes on to hold (RFC 6749 §6),
 * and one that names no scope grants what was requested.
 */
export function toAccountTokens(
  answer: TokenAnswer,
  source: Source,
  before: Pick<AccountTokens, "refreshToken" | "scopes">,
  now: number,
): AccountTokens {
  const { access_token: accessToken, refresh_token: renewed, expires_in: seconds, scope } = answer;
  const refreshToken = renewed ?? before.refreshToken;
  return {
    ...source,
    accessToken,
    obtainedAt: now,
    scopes: scope?.split(/[\s,]+/).filter((name) => name !== "") ?? before.scopes,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(seconds !== undefined && { expiresAt: now + seconds * 1000 }),
  };
}

/** Tokens are renewed a minute before they expire, and short-lived ones after nine tenths of their time. */
const RENEWAL_MARGIN_MS = 60_000;
const RENEWAL_MARGIN_SHARE = 0.1;

/** Undefined for tokens that do not expire. */
export function getLifetime(
  { obtainedAt, expiresAt }: Pick<AccountTokens, "obtainedAt" | "expiresAt">,
  isRenewable: boolean,
) {
  if (expiresAt === undefined) return undefined;
  const margin = Math.min(RENEWAL_MARGIN_MS, (expiresAt - obtainedAt) * RENEWAL_MARGIN_SHARE);
  // A token that cannot be renewed is used until it expires.
  return { renewAt: isRenewable ? expiresAt - margin : expiresAt, expiresAt };
}
