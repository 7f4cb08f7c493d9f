/**
 * Obtains an access token that no member has consented to: the gateway's own by its client credentials (RFC 6749 §4.4), or a
 * caller's in exchange for the gateway's token about them. It runs in an object, once at a time, and keeps the token
 * there sealed until it expires, or the credentials or the claims about the caller change.
 */
import { z } from "zod";
import { sha256Hex } from "../core/digest.ts";
import type { Keyring } from "../core/keyring.ts";
import { findProfile } from "../core/oauth-client/providers.ts";
import { getLifetime } from "../core/oauth-client/tokens.ts";
import { toResource } from "../core/oauth-client/well-known.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import type { UpstreamDeps } from "../upstream/connection/channel.ts";
import { exchangeIdentity } from "./exchange-identity.ts";
import { loadTokenClient } from "./gateway-client.ts";
import type { IdentityTokens } from "./identity-tokens.ts";
import { createOAuthFetch } from "./oauth-fetch.ts";
import type { RenewedAccount, RenewRequest } from "./resolve-credential.ts";
import { requestClientToken, type TokenOutcome } from "./token-endpoint.ts";
import { openText, sealText } from "./vault.ts";

export interface ServerTokenDeps {
  readonly keyring: Keyring;
  readonly upstream: UpstreamDeps;
  readonly identity: Pick<IdentityTokens, "sign" | "findFacts">;
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

const getPurpose = ({ server: { tenantId, id }, userId }: RenewRequest) =>
  `server-token:${tenantId}:${id}:${userId}`;

export async function renewServerToken(
  deps: ServerTokenDeps,
  request: RenewRequest,
  waitUntil: WaitUntil,
): Promise<RenewedAccount> {
  const { keyring, store, now } = deps;
  const { server, userId, rejected } = request;
  const purpose = getPurpose(request);
  // A token contains the caller's data of the time when it was obtained: another email or other groups need another one.
  const facts = await deps.identity.findFacts(server.tenantId, userId, waitUntil);
  const credentials = await sha256Hex(JSON.stringify([server.auth, server.endpointUrl, facts]));
  const { data: known } = storedToken.safeParse(await openText(keyring, purpose, String(store.get())));
  const isCurrent =
    known?.credentials === credentials &&
    now() < (getLifetime(known, true)?.renewAt ?? Number.POSITIVE_INFINITY);
  if (isCurrent && known.accessToken !== rejected) return toConnected(known);
  const isNew = isCurrent && now() - known.obtainedAt < MIN_REPLACEMENT_INTERVAL_MS;
  if (isNew && known.isReplacement) return { kind: "rejected" };
  const outcome = await requestToken(deps, request, waitUntil);
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

/** `userId`: of the caller whose identity is exchanged; of no effect where the token is the gateway's own. */
export async function requestToken(
  { keyring, upstream, identity }: Pick<ServerTokenDeps, "keyring" | "upstream" | "identity">,
  { server, userId }: Omit<RenewRequest, "rejected">,
  waitUntil: WaitUntil,
): Promise<TokenOutcome> {
  const { tenantId } = server;
  const fetch = createOAuthFetch(upstream);
  if (server.auth.type === "token_exchange") {
    const sign = (audience: string) => identity.sign({ tenantId, subject: userId, audience }, waitUntil);
    return exchangeIdentity(keyring, server, sign, fetch);
  }
  const client = await loadTokenClient(keyring, server, fetch);
  if (client === undefined) return { kind: "unavailable" };
  const { scopes = [], provider } = server.auth;
  const { takesResource } = findProfile(client.issuer, provider);
  const resource = takesResource ? toResource(server.endpointUrl) : undefined;
  return requestClientToken({ ...client.source, resource }, { scopes, key: client.key }, fetch);
}

const toConnected = (token: StoredToken): RenewedAccount => ({
  kind: "connected",
  accessToken: token.accessToken,
  lifetime: getLifetime(token, true),
});
