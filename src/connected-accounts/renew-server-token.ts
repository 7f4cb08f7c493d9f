/**
 * Obtains the gateway's own access token for a server by its client credentials (RFC 6749 §4.4). It runs in the server's
 * object, once at a time, and keeps the token there sealed until it expires or the credentials change.
 */
import { importPKCS8 } from "jose";
import { z } from "zod";
import { sha256Hex } from "../core/digest.ts";
import type { Keyring } from "../core/keyring.ts";
import { chooseAuthMethod } from "../core/oauth-client/client-registration.ts";
import type { IssuerMetadata } from "../core/oauth-client/metadata.ts";
import { findProfile } from "../core/oauth-client/providers.ts";
import { getLifetime } from "../core/oauth-client/tokens.ts";
import type { UpstreamDeps } from "../upstream/connection/channel.ts";
import { openClient } from "../upstream/seal-credentials.ts";
import { findIssuerMetadata, toResource } from "./discover-authorization.ts";
import { createOAuthFetch, type OAuthFetch } from "./oauth-fetch.ts";
import type { AccountServer, RenewedAccount, RenewRequest } from "./resolve-credential.ts";
import { requestClientToken, type TokenOutcome } from "./token-endpoint.ts";
import { openText, sealText } from "./vault.ts";

export interface ServerTokenDeps {
  readonly keyring: Keyring;
  readonly upstream: UpstreamDeps;
  readonly store: { get(): unknown; set(sealed: string): void };
  readonly now: () => number;
}

const storedToken = z.object({
  accessToken: z.string(),
  obtainedAt: z.number(),
  expiresAt: z.number().optional(),
  isReplacement: z.boolean(),
  /** Of the credentials that it was obtained with. */
  credentials: z.string(),
});
type StoredToken = z.output<typeof storedToken>;

/** If the replacement of a rejected token is rejected so soon, another one would be too. */
const MIN_REPLACEMENT_INTERVAL_MS = 60_000;

const getPurpose = ({ tenantId, id }: AccountServer) => `server-token:${tenantId}:${id}`;

export async function renewServerToken(
  { keyring, upstream, store, now }: ServerTokenDeps,
  { server, rejected }: RenewRequest,
): Promise<RenewedAccount> {
  const purpose = getPurpose(server);
  const credentials = await sha256Hex(JSON.stringify([server.auth, server.endpointUrl]));
  const { data: known } = storedToken.safeParse(await openText(keyring, purpose, String(store.get())));
  const isCurrent =
    known?.credentials === credentials &&
    now() < (getLifetime(known, true)?.renewAt ?? Number.POSITIVE_INFINITY);
  if (isCurrent && known.accessToken !== rejected) return toConnected(known);
  const isNew = isCurrent && now() - known.obtainedAt < MIN_REPLACEMENT_INTERVAL_MS;
  if (isNew && known.isReplacement) return { kind: "rejected" };
  const outcome = await requestServerToken(keyring, server, createOAuthFetch(upstream));
  if (outcome.kind === "unavailable") return outcome;
  if (outcome.kind === "denied") return { kind: "expired" };
  const { access_token: accessToken, expires_in: seconds } = outcome.answer;
  const token: StoredToken = {
    ...{ accessToken, credentials, obtainedAt: now(), isReplacement: rejected !== undefined },
    ...(seconds !== undefined && { expiresAt: now() + seconds * 1000 }),
  };
  store.set(await sealText(keyring, purpose, JSON.stringify(token)));
  return toConnected(token);
}

/** The authorization server is the one that an admin has entered, never one that the server names. */
export async function requestServerToken(
  keyring: Keyring,
  { id, auth, endpointUrl }: Pick<AccountServer, "id" | "auth" | "endpointUrl">,
  fetch: OAuthFetch,
): Promise<TokenOutcome> {
  const { clientId = "", tokenUrl, scopes = [], keyAlgorithm = "ES256", keyId } = auth;
  const issuer = auth.issuer ?? new URL(tokenUrl ?? "").origin;
  const profile = findProfile(issuer, auth.provider);
  const metadata: IssuerMetadata | undefined =
    tokenUrl === undefined
      ? await findIssuerMetadata("The server", issuer, profile, fetch).catch(() => undefined)
      : { issuer, token_endpoint: tokenUrl };
  if (metadata === undefined) return { kind: "unavailable" };
  const { clientSecret: secret, privateKey } = await openClient(keyring, id, auth);
  const client = { id: clientId, secret, method: chooseAuthMethod(metadata, secret !== undefined) };
  const source = {
    ...{ issuer: metadata.issuer, tokenEndpoint: metadata.token_endpoint, client },
    resource: profile.takesResource ? toResource(endpointUrl) : undefined,
  };
  const key =
    privateKey === undefined
      ? undefined
      : { key: await importPKCS8(privateKey, keyAlgorithm), ...(keyId !== undefined && { kid: keyId }) };
  return requestClientToken(source, { scopes, key }, fetch);
}

const toConnected = (token: StoredToken): RenewedAccount => ({
  kind: "connected",
  accessToken: token.accessToken,
  lifetime: getLifetime(token, true),
});
