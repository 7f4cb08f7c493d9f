/**
 * OpenID Connect as a relying party: discovery, the authorization request and the exchange of its code, with PKCE,
 * state, nonce and the issuer checked (RFC 9207, RFC 9700). Every URL that a provider's metadata names is judged before
 * it is fetched, no redirect is followed, and neither time nor size is the provider's to choose.
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  calculatePKCECodeChallenge,
  customFetch,
  getValidatedIdTokenClaims,
  None,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processUserInfoResponse,
  userInfoRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from "oauth4webapi";
import { readBoundedText } from "../../core/net/bounded-body.ts";
import { MAX_RESPONSE_BYTES } from "../../core/size-limits.ts";

export interface OidcDeps {
  readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
  /** Whether the gateway may be sent to the address (upstream/connection/url-guard.ts). */
  readonly isAllowedUrl: (url: string) => boolean;
}

export interface OidcSettings {
  readonly issuer: string;
  readonly discoveryUrl: string | null;
  readonly clientId: string;
  /** In clear. */
  readonly clientSecret: string | undefined;
}

/** What the callback must match. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  /** The sign-in must have happened a short while ago. */
  readonly isStepUp: boolean;
}

const TIMEOUT_MS = 10_000;
/** For sign-ins that are repeated before a change of credentials. */
const STEP_UP_MAX_AGE_SECONDS = 300;

/** Asymmetric ones only: with a symmetric one, every holder of the client secret could sign. */
const SIGNING_ALGORITHMS = new Set([
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
]);

async function discoverProvider(
  deps: OidcDeps,
  { issuer, discoveryUrl }: OidcSettings,
): Promise<AuthorizationServer> {
  const url = discoveryUrl ?? `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await createGuardedFetch(deps)(url, { headers: { accept: "application/json" } });
  const found = await processDiscoveryResponse(new URL(issuer), response);
  const algorithms = found.id_token_signing_alg_values_supported ?? ["RS256"];
  return {
    ...found,
    id_token_signing_alg_values_supported: algorithms.filter((name) => SIGNING_ALGORITHMS.has(name)),
  };
}

export async function buildAuthorizationUrl(
  deps: OidcDeps,
  settings: OidcSettings,
  pending: PendingSignIn,
  hints: { readonly loginHint?: string | undefined; readonly acrValues: readonly string[] },
): Promise<string> {
  const server = await discoverProvider(deps, settings);
  const endpoint = server.authorization_endpoint ?? "";
  if (!deps.isAllowedUrl(endpoint)) throw new Error("The provider's authorization endpoint is not allowed.");
  const url = new URL(endpoint);
  const parameters: Record<string, string | undefined> = {
    response_type: "code",
    client_id: settings.clientId,
    redirect_uri: pending.redirectUri,
    scope: "openid email profile",
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await calculatePKCECodeChallenge(pending.codeVerifier),
    code_challenge_method: "S256",
    login_hint: hints.loginHint,
    acr_values: hints.acrValues.length > 0 ? hints.acrValues.join(" ") : undefined,
    ...(pending.isStepUp && { prompt: "login", max_age: String(STEP_UP_MAX_AGE_SECONDS) }),
  };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** Returns the claims of the ID token, completed by those of the user-info endpoint where `required` is missing. */
export async function exchangeCallback(
  deps: OidcDeps,
  settings: OidcSettings,
  pending: PendingSignIn,
  parameters: URLSearchParams,
  required: string,
): Promise<Readonly<Record<string, unknown>>> {
  const server = await discoverProvider(deps, settings);
  const client: Client = { client_id: settings.clientId };
  const options = {
    [customFetch]: createGuardedFetch(deps),
    // Which addresses may be plain HTTP is the guard's decision: those of the same machine, in development.
    [allowInsecureRequests]: true,
  };
  const checked = validateAuthResponse(server, client, parameters, pending.state);
  const { redirectUri, codeVerifier, nonce, isStepUp } = pending;
  const authentication = selectAuthentication(server, settings.clientSecret);
  const response = await authorizationCodeGrantRequest(
    ...([server, client, authentication, checked, redirectUri, codeVerifier, options] as const),
  );
  const tokens = await processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
    ...(isStepUp && { maxAge: STEP_UP_MAX_AGE_SECONDS }),
  });
  await validateApplicationLevelSignature(server, response, options);
  const claims = getValidatedIdTokenClaims(tokens);
  if (claims === undefined) throw new Error("The provider returned no ID token.");
  if (claims[required] !== undefined || server.userinfo_endpoint === undefined) return claims;
  const answer = await userInfoRequest(server, client, tokens.access_token, options);
  return { ...(await processUserInfoResponse(server, client, claims.sub, answer)), ...claims };
}

function selectAuthentication(server: AuthorizationServer, secret: string | undefined): ClientAuth {
  if (secret === undefined) return None();
  // Where both are there: not all providers decode the header as RFC 6749 §2.3.1 has it.
  const isPost = server.token_endpoint_auth_methods_supported?.includes("client_secret_post") === true;
  return isPost ? ClientSecretPost(secret) : ClientSecretBasic(secret);
}

interface GuardedRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | string | null | undefined;
}

function createGuardedFetch({ fetch, isAllowedUrl }: OidcDeps) {
  return async (url: string, { method = "GET", headers = {}, body }: GuardedRequest): Promise<Response> => {
    if (!isAllowedUrl(url)) throw new Error("The provider names an address that is not allowed.");
    const response = await fetch(url, {
      method,
      headers: { ...headers, "user-agent": "mcp-registry-gateway" },
      body: body ?? null,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const limits = { maxBytes: MAX_RESPONSE_BYTES.identityProvider, totalMs: TIMEOUT_MS };
    const text = await readBoundedText(response.body, limits);
    const isEmpty = response.status === 204 || response.status === 304;
    return new Response(isEmpty ? null : text, { status: response.status, headers: response.headers });
  };
}
