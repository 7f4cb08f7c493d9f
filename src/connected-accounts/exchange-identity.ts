/**
 * Exchanges the gateway's token about a caller for a token of the server's authorization server (RFC 8693, or RFC 7523 on
 * behalf of the user). The subject token is the gateway's own: no credential of the caller is ever sent.
 */
import type { Keyring } from "../core/keyring.ts";
import { findProfile } from "../core/oauth-client/providers.ts";
import { toResource } from "../core/oauth-client/well-known.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import { loadTokenClient } from "./gateway-client.ts";
import type { OAuthFetch } from "./oauth-fetch.ts";
import { requestExtensionToken, type TokenOutcome } from "./token-endpoint.ts";

const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

export interface ExchangeServer {
  readonly id: string;
  readonly endpointUrl: string;
  readonly auth: SealedAuthConfig;
}

/** `sign` makes the assertion for the authorization server. */
export async function exchangeIdentity(
  keyring: Keyring,
  server: ExchangeServer,
  sign: (audience: string) => Promise<string>,
  fetch: OAuthFetch,
): Promise<TokenOutcome> {
  const { auth, endpointUrl } = server;
  const client = await loadTokenClient(keyring, server, fetch);
  if (client === undefined) return { kind: "unavailable" };
  const { source, key, issuer } = client;
  const profile = findProfile(issuer, auth.provider);
  const assertion = await sign(issuer);
  const scope = auth.scopes?.join(" ") ?? "";
  const shared = { ...(scope !== "" && { scope }) };
  const form = auth.exchange ?? profile.exchangeForm;
  if (form === "on_behalf_of") {
    const parameters = { ...shared, assertion, requested_token_use: "on_behalf_of" };
    return requestExtensionToken(source, { type: JWT_BEARER, parameters, key }, fetch);
  }
  const parameters = {
    ...shared,
    ...{ subject_token: assertion, subject_token_type: JWT_TYPE, requested_token_type: ACCESS_TOKEN_TYPE },
    ...(auth.audience !== undefined && { audience: auth.audience }),
    ...(profile.takesResource && { resource: toResource(endpointUrl) }),
  };
  return requestExtensionToken(source, { type: TOKEN_EXCHANGE, parameters, key }, fetch);
}
