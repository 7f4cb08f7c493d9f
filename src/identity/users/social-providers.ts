/**
 * GitHub, Google and Microsoft through better-auth's generic provider instead of its built-in ones: only the generic
 * one allows to replace every URL, so that tests run the production code against a local server. The identity comes
 * from the provider's user-info endpoint.
 */
import { getOAuth2Tokens, type OAuth2Tokens } from "@better-auth/core/oauth2";
import type { GenericOAuthConfig } from "better-auth/plugins";
import { z } from "zod";
import { parseLossless } from "../../core/mcp/lossless-json.ts";
import { readBoundedText } from "../../core/net/bounded-body.ts";
import { MAX_RESPONSE_BYTES } from "../../core/size-limits.ts";

export interface SocialClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly baseUrl: string | undefined;
}

export interface SocialClients {
  readonly github: SocialClient | undefined;
  readonly google: SocialClient | undefined;
  readonly microsoft: (SocialClient & { readonly tenant: string }) | undefined;
}

export const SOCIAL_PROVIDERS = ["github", "google", "microsoft"] as const;
export type SocialProvider = (typeof SOCIAL_PROVIDERS)[number];
export const SOCIAL_NAMES: Record<SocialProvider, string> = {
  github: "GitHub",
  google: "Google",
  microsoft: "Microsoft",
};

export function listProviders(clients: SocialClients): SocialProvider[] {
  return SOCIAL_PROVIDERS.filter((provider) => clients[provider] !== undefined);
}

/** For a response's head, and again for its body. */
const TIMEOUT_MS = 10_000;

type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

export function socialConfigs(clients: SocialClients, fetch: Fetch): GenericOAuthConfig[] {
  const { github, google, microsoft } = clients;
  return [
    ...(github === undefined ? [] : [githubConfig(github, fetch)]),
    ...(google === undefined ? [] : [googleConfig(google, fetch)]),
    ...(microsoft === undefined ? [] : [microsoftConfig(microsoft, fetch)]),
  ];
}

/** An external account alone creates no user; a user is created only for an invitation (see users/auth.ts). */
const common = (client: SocialClient, tokenUrl: string, fetch: Fetch) => ({
  clientId: client.clientId,
  clientSecret: client.clientSecret,
  pkce: true,
  disableImplicitSignUp: true,
  tokenUrl,
  // The plugin's own exchange has neither a timeout nor a limit on the size of the response.
  getToken: (grant: CodeGrant) => exchangeCode(fetch, client, tokenUrl, grant),
});

const githubUser = z.object({ id: z.number(), login: z.string(), name: z.string().nullish() });
const githubEmails = z.array(z.object({ email: z.email(), primary: z.boolean(), verified: z.boolean() }));

function githubConfig(client: SocialClient, fetch: Fetch): GenericOAuthConfig {
  const site = client.baseUrl ?? "https://github.com";
  const api = client.baseUrl === undefined ? "https://api.github.com" : `${client.baseUrl}/api/v3`;
  return {
    ...common(client, `${site}/login/oauth/access_token`, fetch),
    providerId: "github",
    name: SOCIAL_NAMES.github,
    authorizationUrl: `${site}/login/oauth/authorize`,
    scopes: ["read:user", "user:email"],
    async getUserInfo({ accessToken = "" }) {
      const [user, emails] = await Promise.all([
        fetchJson(fetch, `${api}/user`, withToken(accessToken), githubUser),
        fetchJson(fetch, `${api}/user/emails`, withToken(accessToken), githubEmails),
      ]);
      // The public address in the profile may be anything; the primary one is what GitHub writes to.
      const primary = emails?.find((email) => email.primary);
      if (user === undefined || primary === undefined) return null;
      const { email, verified } = primary;
      return { id: String(user.id), name: user.name ?? user.login, email, emailVerified: verified };
    },
  };
}

const openIdUser = z.object({
  sub: z.string().min(1),
  email: z.email(),
  email_verified: z.boolean().optional(),
  name: z.string().optional(),
});

function googleConfig(client: SocialClient, fetch: Fetch): GenericOAuthConfig {
  const { baseUrl } = client;
  return {
    ...common(client, `${baseUrl ?? "https://oauth2.googleapis.com"}/token`, fetch),
    providerId: "google",
    name: SOCIAL_NAMES.google,
    authorizationUrl: `${baseUrl ?? "https://accounts.google.com"}/o/oauth2/v2/auth`,
    scopes: ["openid", "email", "profile"],
    getUserInfo: ({ accessToken = "" }) =>
      openIdProfile(fetch, `${baseUrl ?? "https://openidconnect.googleapis.com"}/v1/userinfo`, accessToken),
  };
}

/** The last is the directory of all personal accounts, by its id: what "consumers" stands for. */
const MULTI_TENANT_IDS = new Set([
  "common",
  "organizations",
  "consumers",
  "9188040d-6c67-4c5b-b112-36a304b66dad",
]);

const isMultiTenant = (tenant: string) => MULTI_TENANT_IDS.has(tenant.trim().toLowerCase());

function microsoftConfig(client: SocialClient & { tenant: string }, fetch: Fetch): GenericOAuthConfig {
  const { baseUrl, tenant } = client;
  const authority = `${baseUrl ?? "https://login.microsoftonline.com"}/${encodeURIComponent(tenant)}/oauth2/v2.0`;
  return {
    ...common(client, `${authority}/token`, fetch),
    providerId: "microsoft",
    name: SOCIAL_NAMES.microsoft,
    authorizationUrl: `${authority}/authorize`,
    scopes: ["openid", "email", "profile"],
    async getUserInfo({ accessToken = "" }) {
      const url = `${baseUrl ?? "https://graph.microsoft.com"}/oidc/userinfo`;
      const profile = await openIdProfile(fetch, url, accessToken);
      // In a multi-tenant directory users can choose any email address, so it counts as verified for a single directory
      // only.
      return profile && { ...profile, emailVerified: !isMultiTenant(tenant) };
    },
  };
}

async function openIdProfile(fetch: Fetch, url: string, accessToken: string) {
  const user = await fetchJson(fetch, url, withToken(accessToken), openIdUser);
  if (user === undefined) return null;
  const { sub: id, email, name = email, email_verified: emailVerified = false } = user;
  return { id, name, email, emailVerified };
}

interface CodeGrant {
  readonly code: string;
  readonly redirectURI: string;
  readonly codeVerifier?: string | undefined;
}

const tokenResponse = z.looseObject({ access_token: z.string().min(1) });

async function exchangeCode(
  fetch: Fetch,
  { clientId, clientSecret }: SocialClient,
  tokenUrl: string,
  { code, redirectURI, codeVerifier }: CodeGrant,
): Promise<OAuth2Tokens> {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectURI,
    client_id: clientId,
    client_secret: clientSecret,
    ...(codeVerifier !== undefined && { code_verifier: codeVerifier }),
  });
  const tokens = await fetchJson(fetch, tokenUrl, { method: "POST", body }, tokenResponse);
  if (tokens === undefined) throw new Error("The identity provider returned no access token.");
  return getOAuth2Tokens(tokens);
}

interface JsonRequest {
  readonly method?: "POST";
  readonly body?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
}

const withToken = (accessToken: string): JsonRequest => ({
  headers: { authorization: `Bearer ${accessToken}` },
});

async function fetchJson<S extends z.ZodType>(
  fetch: Fetch,
  url: string,
  { headers, ...request }: JsonRequest,
  schema: S,
): Promise<z.output<S> | undefined> {
  // A provider that does not respond in time ends the sign-in like one that rejects it.
  const answer = await fetch(url, {
    ...request,
    headers: { accept: "application/json", "user-agent": "mcp-registry-gateway", ...headers },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined);
  if (answer === undefined) return undefined;
  if (!answer.ok) {
    await answer.body?.cancel();
    return undefined;
  }
  const limits = { maxBytes: MAX_RESPONSE_BYTES.identityProvider, totalMs: TIMEOUT_MS };
  const text = await readBoundedText(answer.body, limits).catch(() => "");
  return schema.safeParse(parseLossless(text)).data;
}
