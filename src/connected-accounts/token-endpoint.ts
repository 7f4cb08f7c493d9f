/** Requests to token and revocation endpoints, by the protocol library; outcomes are values, because each has its consequence. */
import * as oauth from "oauth4webapi";
import type { OAuthClient } from "../core/oauth-client/client-registration.ts";
import { normalizeTokenAnswer } from "../core/oauth-client/token-answer.ts";
import { type TokenAnswer, tokenAnswer } from "../core/oauth-client/tokens.ts";
import type { OAuthFetch } from "./oauth-fetch.ts";

export interface TokenSource {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint?: string | undefined;
  readonly client: OAuthClient;
  readonly resource?: string | undefined;
}

export type TokenOutcome =
  | { readonly kind: "tokens"; readonly answer: TokenAnswer }
  /** The code of RFC 6749 §5.2. */
  | { readonly kind: "denied"; readonly error: string }
  /** No answer, or none that can be used. */
  | { readonly kind: "unavailable" };

/** Errors that do not concern the grant: the same request may succeed later. */
const PASSING_ERRORS = new Set(["temporarily_unavailable", "server_error", "slow_down"]);

const toServer = ({ issuer, tokenEndpoint, revocationEndpoint }: TokenSource): oauth.AuthorizationServer => ({
  issuer,
  token_endpoint: tokenEndpoint,
  ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }),
});

function toClientAuth({ secret, method }: OAuthClient): oauth.ClientAuth {
  if (secret === undefined || method === "none") return oauth.None();
  return method === "client_secret_post" ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}

function toOptions({ resource }: TokenSource, fetch: OAuthFetch) {
  return {
    // The address is checked by the URL guard, which allows HTTP for this machine in development.
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: async (
      url: string,
      { method, headers, body }: oauth.CustomFetchOptions<"POST", URLSearchParams>,
    ) => {
      const sent = { ...headers, "content-type": "application/x-www-form-urlencoded" };
      const { status, text } = await fetch(url, { method, headers: sent, body: body.toString() });
      const answer = normalizeTokenAnswer({ status, text });
      return new Response(answer.body === undefined ? text : JSON.stringify(answer.body), {
        status: answer.status,
        headers: { "content-type": answer.body === undefined ? "text/plain" : "application/json" },
      });
    },
    ...(resource !== undefined && { additionalParameters: { resource } }),
  };
}

export interface CodeGrant {
  /** Of the callback, which `validateAuthResponse` has accepted. */
  readonly parameters: URLSearchParams;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

export function exchangeCode(
  source: TokenSource,
  grant: CodeGrant,
  fetch: OAuthFetch,
): Promise<TokenOutcome> {
  const [server, client] = [toServer(source), { client_id: source.client.id }];
  const { parameters, redirectUri, codeVerifier } = grant;
  return settle(async () => {
    const response = await oauth.authorizationCodeGrantRequest(
      ...([server, client, toClientAuth(source.client), parameters, redirectUri, codeVerifier] as const),
      toOptions(source, fetch),
    );
    return oauth.processAuthorizationCodeResponse(server, client, response);
  });
}

export function refreshTokens(
  source: TokenSource,
  refreshToken: string,
  fetch: OAuthFetch,
): Promise<TokenOutcome> {
  const [server, client] = [toServer(source), { client_id: source.client.id }];
  return settle(async () => {
    const response = await oauth.refreshTokenGrantRequest(
      ...([server, client, toClientAuth(source.client), refreshToken] as const),
      toOptions(source, fetch),
    );
    return oauth.processRefreshTokenResponse(server, client, response);
  });
}

export interface ClientGrant {
  readonly scopes: readonly string[];
  /** The client authenticates with a signed assertion (RFC 7523) in place of a secret. */
  readonly key: oauth.PrivateKey | undefined;
}

/** RFC 6749 §4.4: a token of the client's own. */
export function requestClientToken(
  source: TokenSource,
  { scopes, key }: ClientGrant,
  fetch: OAuthFetch,
): Promise<TokenOutcome> {
  const [server, client] = [toServer(source), { client_id: source.client.id }];
  const auth = key === undefined ? toClientAuth(source.client) : oauth.PrivateKeyJwt(key);
  const { resource, ...plain } = source;
  const parameters = new URLSearchParams({
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    ...(resource !== undefined && { resource }),
  });
  return settle(async () => {
    const response = await oauth.clientCredentialsGrantRequest(
      ...([server, client, auth, parameters] as const),
      toOptions(plain, fetch),
    );
    return oauth.processClientCredentialsResponse(server, client, response);
  });
}

export interface ExtensionGrant {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly key: oauth.PrivateKey | undefined;
}

/** RFC 6749 §4.5: a token for something else than a code or the client itself. */
export function requestExtensionToken(
  source: TokenSource,
  { type, parameters, key }: ExtensionGrant,
  fetch: OAuthFetch,
): Promise<TokenOutcome> {
  const [server, client] = [toServer(source), { client_id: source.client.id }];
  const auth = key === undefined ? toClientAuth(source.client) : oauth.PrivateKeyJwt(key);
  return settle(async () => {
    const response = await oauth.genericTokenEndpointRequest(
      ...([server, client, auth, type, new URLSearchParams(parameters)] as const),
      toOptions(source, fetch),
    );
    return oauth.processGenericTokenEndpointResponse(server, client, response);
  });
}

/** RFC 7009. False where the server could not be reached or did not accept it. */
export async function revokeToken(source: TokenSource, token: string, fetch: OAuthFetch): Promise<boolean> {
  const [server, client] = [toServer(source), { client_id: source.client.id }];
  const { resource: _, ...plain } = source;
  try {
    const options = toOptions(plain, fetch);
    const auth = toClientAuth(source.client);
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, auth, token, options),
    );
    return true;
  } catch {
    return false;
  }
}

async function settle(request: () => Promise<unknown>): Promise<TokenOutcome> {
  try {
    const { data } = tokenAnswer.safeParse(await request());
    return data === undefined ? { kind: "unavailable" } : { kind: "tokens", answer: data };
  } catch (error) {
    const isDenied = error instanceof oauth.ResponseBodyError && error.status < 500 && error.status !== 429;
    if (!isDenied || PASSING_ERRORS.has(error.error)) return { kind: "unavailable" };
    return { kind: "denied", error: error.error };
  }
}
