/** The client that an admin has registered for the gateway at the authorization server of a server, with what it authenticates by. */
import { importPKCS8 } from "jose";
import type { PrivateKey } from "oauth4webapi";
import type { Keyring } from "../core/keyring.ts";
import { chooseAuthMethod } from "../core/oauth-client/client-registration.ts";
import type { IssuerMetadata } from "../core/oauth-client/metadata.ts";
import { findProfile } from "../core/oauth-client/providers.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import { openClient } from "../upstream/seal-credentials.ts";
import { findIssuerMetadata } from "./discover-authorization.ts";
import type { OAuthFetch } from "./oauth-fetch.ts";
import type { TokenSource } from "./token-endpoint.ts";

export interface TokenClient {
  readonly issuer: string;
  readonly source: TokenSource;
  /** In place of a secret (RFC 7523). */
  readonly key: PrivateKey | undefined;
}

/**
 * The authorization server is the one that an admin has entered, never one that the server names. Undefined where its metadata
 * cannot be read.
 */
export async function loadTokenClient(
  keyring: Keyring,
  { id, auth }: { readonly id: string; readonly auth: SealedAuthConfig },
  fetch: OAuthFetch,
): Promise<TokenClient | undefined> {
  const { clientId = "", tokenUrl, keyAlgorithm = "ES256", keyId } = auth;
  const issuer = auth.issuer ?? new URL(tokenUrl ?? "").origin;
  const profile = findProfile(issuer, auth.provider);
  const metadata: IssuerMetadata | undefined =
    tokenUrl === undefined
      ? await findIssuerMetadata("The server", issuer, profile, fetch).catch(() => undefined)
      : { issuer, token_endpoint: tokenUrl };
  if (metadata === undefined) return undefined;
  const { clientSecret: secret, privateKey } = await openClient(keyring, id, auth);
  const client = { id: clientId, secret, method: chooseAuthMethod(metadata, secret !== undefined) };
  const key =
    privateKey === undefined
      ? undefined
      : { key: await importPKCS8(privateKey, keyAlgorithm), ...(keyId !== undefined && { kid: keyId }) };
  return {
    issuer: metadata.issuer,
    source: { issuer: metadata.issuer, tokenEndpoint: metadata.token_endpoint, client },
    key,
  };
}
