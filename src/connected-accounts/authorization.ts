/**
 * A member's consent at an authorization server: begun with a state that is bound to the member, the sign-in session, the
 * organization and the server, and completed once, within ten minutes, by the same session. What must be kept
 * in between is in the member's object, which survives restarts.
 */
import * as oauth from "oauth4webapi";
import { z } from "zod";
import { GatewayError, UpstreamError } from "../core/errors.ts";
import { buildAuthorizationUrl } from "../core/oauth-client/authorization-request.ts";
import { CALLBACK_PATH } from "../core/oauth-client/client-registration.ts";
import type { IssuerMetadata } from "../core/oauth-client/metadata.ts";
import { issuerMetadata } from "../core/oauth-client/metadata.ts";
import { type AccountTokens, oauthClient, toAccountTokens } from "../core/oauth-client/tokens.ts";
import type { UrlPolicy } from "../upstream/connection/url-guard.ts";
import { discoverAuthorization, requireAuthorizationEndpoint } from "./discover-authorization.ts";
import { forgetClient, type RegistrationDeps, resolveClient } from "./register-client.ts";
import type { AccountServer } from "./resolve-credential.ts";
import { exchangeCode, type TokenSource } from "./token-endpoint.ts";
import { openText, sealText } from "./vault.ts";

const CONSENT_TTL_MS = 600_000;

/** The member's object, which keeps what a consent needs until the browser comes back. */
export interface ConsentStore {
  savePending(nonce: string, sealed: string, expiresAt: number): Promise<void>;
  /** Each once. */
  takePending(nonce: string): Promise<string | undefined>;
}

export interface AuthorizationDeps extends RegistrationDeps {
  readonly urlPolicy: UrlPolicy;
  readonly getConsentStore: (userId: string, serverId: string) => ConsentStore;
}

export interface ConsentRequest {
  readonly server: AccountServer;
  readonly userId: string;
  readonly sessionId: string;
  readonly isForDiscovery: boolean;
  /** Those that the account has, and those that a call needs beside them. */
  readonly furtherScopes?: readonly string[];
  /** The second attempt, after the client of the first one was refused. */
  readonly isRetry?: boolean;
}

const STATE = "account-authorization-state";
const stateShape = z.tuple([z.string(), z.string(), z.string(), z.string()]);

/** What the parameter `state` names; only the gateway can read or make one. */
export interface ConsentState {
  readonly tenantId: string;
  readonly serverId: string;
  readonly userId: string;
  readonly nonce: string;
}

const pendingShape = z.object({
  sessionId: z.string(),
  isForDiscovery: z.boolean(),
  isRetry: z.boolean(),
  metadata: issuerMetadata,
  client: oauthClient,
  codeVerifier: z.string(),
  resource: z.string().optional(),
  scopes: z.array(z.string()),
  origin: z.string(),
});
export type PendingConsent = z.output<typeof pendingShape>;

/** Returns the URL of the authorization server that the member's browser goes to. */
export async function beginAuthorization(
  deps: AuthorizationDeps,
  { server, userId, sessionId, isForDiscovery, furtherScopes = [], isRetry = false }: ConsentRequest,
): Promise<string> {
  const target = await discoverAuthorization(server, deps.fetch);
  const endpoint = requireAuthorizationEndpoint(server.name, target, deps.urlPolicy);
  const { metadata, profile, resource } = target;
  const scopes = [...new Set([...target.scopes, ...furtherScopes])];
  const client = await resolveClient(deps, server, metadata);
  const codeVerifier = oauth.generateRandomCodeVerifier();
  const nonce = oauth.generateRandomNonce();
  const origin = new URL(server.endpointUrl).origin;
  const pending: PendingConsent = {
    ...{ sessionId, isForDiscovery, isRetry, metadata, client, codeVerifier, origin },
    scopes,
    ...(resource !== undefined && { resource }),
  };
  const store = deps.getConsentStore(userId, server.id);
  const sealed = await sealText(deps.keyring, getPurpose(userId, server.id, nonce), JSON.stringify(pending));
  await store.savePending(nonce, sealed, deps.now() + CONSENT_TTL_MS);
  const state = JSON.stringify([server.tenantId, server.id, userId, nonce]);
  const prompts = scopes.includes("offline_access") ? { prompt: "consent" } : {};
  return buildAuthorizationUrl({
    ...{ endpoint, clientId: client.id, resource, scopes, redirectUri: deps.publicUrl + CALLBACK_PATH },
    state: await sealText(deps.keyring, STATE, state),
    codeChallenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    scopeParameter: profile.scopeParameter,
    parameters: { ...prompts, ...profile.parameters },
  });
}

const getPurpose = (userId: string, serverId: string, nonce: string) =>
  `account-authorization:${serverId}:${userId}:${nonce}`;

export async function openState(
  { keyring }: Pick<AuthorizationDeps, "keyring">,
  text: string,
): Promise<ConsentState | undefined> {
  const plain = await openText(keyring, STATE, text);
  const { data } = stateShape.safeParse(plain);
  if (data === undefined) return undefined;
  const [tenantId, serverId, userId, nonce] = data;
  return { tenantId, serverId, userId, nonce };
}

/** Undefined for a state that was used, has expired, or is of another sign-in session. */
export async function takePending(
  deps: AuthorizationDeps,
  { userId, serverId, nonce }: ConsentState,
  sessionId: string,
): Promise<PendingConsent | undefined> {
  const sealed = await deps.getConsentStore(userId, serverId).takePending(nonce);
  if (sealed === undefined) return undefined;
  const plain = await openText(deps.keyring, getPurpose(userId, serverId, nonce), sealed);
  const { data } = pendingShape.safeParse(plain);
  return data?.sessionId === sessionId ? data : undefined;
}

export type ConsentResult =
  | { readonly kind: "tokens"; readonly tokens: AccountTokens }
  /** The member has not consented, or the authorization server failed. */
  | { readonly kind: "refused"; readonly error: string }
  /** The client is no longer registered at the authorization server: consent is requested again with another one. */
  | { readonly kind: "client-unknown" };

/** Redeems the code that the authorization server has sent with the member's browser. */
export async function completeAuthorization(
  deps: AuthorizationDeps,
  server: AccountServer,
  pending: PendingConsent,
  callback: URLSearchParams,
): Promise<ConsentResult> {
  const { metadata, client, codeVerifier, resource, scopes } = pending;
  const parameters = checkCallback(server.name, metadata, client.id, callback);
  if (parameters instanceof oauth.AuthorizationResponseError) {
    return { kind: "refused", error: parameters.error };
  }
  const { issuer, token_endpoint: tokenEndpoint, revocation_endpoint: revocationEndpoint } = metadata;
  const source: TokenSource = { issuer, tokenEndpoint, revocationEndpoint, client, resource };
  const grant = { parameters, redirectUri: deps.publicUrl + CALLBACK_PATH, codeVerifier };
  const outcome = await exchangeCode(source, grant, deps.fetch);
  switch (outcome.kind) {
    case "tokens":
      return {
        kind: "tokens",
        tokens: toAccountTokens(outcome.answer, source, { refreshToken: undefined, scopes }, deps.now()),
      };
    case "denied":
      if (outcome.error !== "invalid_client" || pending.isRetry)
        throw exchangeFailed(server.name, outcome.error);
      await forgetClient(deps.database, server.tenantId, issuer, client.id);
      return { kind: "client-unknown" };
    case "unavailable":
      throw exchangeFailed(server.name, "no usable answer");
  }
}

/** RFC 9207: a response that names another issuer, or none where the server always names itself, is of another server. */
function checkCallback(
  server: string,
  { issuer, authorization_response_iss_parameter_supported: hasIss = false }: IssuerMetadata,
  clientId: string,
  callback: URLSearchParams,
): URLSearchParams | oauth.AuthorizationResponseError {
  const expected = { issuer, authorization_response_iss_parameter_supported: hasIss };
  try {
    return oauth.validateAuthResponse(expected, { client_id: clientId }, callback, oauth.skipStateCheck);
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) return error;
    throw new GatewayError(
      "bad_request",
      `The response does not come from the authorization server of ${server}. Connect the account again.`,
    );
  }
}

function exchangeFailed(server: string, reason: string): UpstreamError {
  const message = `The authorization server of ${server} did not issue a token (${reason.slice(0, 100)}). Connect the account again.`;
  return new UpstreamError("upstream_refused", server, message);
}
