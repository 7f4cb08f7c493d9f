/** Revokes the tokens of deleted accounts at their authorization servers (RFC 7009), as far as these have an endpoint for it. */
import type { Keyring } from "../core/keyring.ts";
import { mapConcurrent } from "../core/map-concurrent.ts";
import { accountTokens } from "../core/oauth-client/tokens.ts";
import type { Database } from "../db/client.ts";
import {
  claimRevocations,
  deleteAbandonedRevocations,
  deleteRevocation,
} from "../db/queries/accounts/account-revocations.ts";
import type { UpstreamDeps } from "../upstream/connection/channel.ts";
import { createOAuthFetch, type OAuthFetch } from "./oauth-fetch.ts";
import { revokeToken } from "./token-endpoint.ts";
import { openAccount } from "./vault.ts";

export interface RevocationDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly upstream: UpstreamDeps;
}

const MAX_REVOCATIONS = 50;
const CONCURRENCY = 5;

/** What fails is due again later, a few times. */
export async function revokeDeletedAccounts(
  { database, keyring, upstream }: RevocationDeps,
  now: Date,
): Promise<void> {
  const db = database.asSystem();
  const fetch = createOAuthFetch(upstream);
  const claimed = await claimRevocations(db, MAX_REVOCATIONS);
  await mapConcurrent(claimed, CONCURRENCY, async ({ id, sealed, ...account }) => {
    const opened = await openAccount(keyring, { ...account, authType: "user_oauth" }, sealed);
    if (await revoke(opened, fetch)) await deleteRevocation(db, id);
  });
  await deleteAbandonedRevocations(db, now);
}

/** Revoking a refresh token ends its access tokens too (RFC 7009 §2.1). True where nothing is left to do. */
async function revoke(opened: unknown, fetch: OAuthFetch): Promise<boolean> {
  const { data: tokens } = accountTokens.safeParse(opened);
  if (tokens?.revocationEndpoint === undefined) return true;
  return revokeToken(tokens, tokens.refreshToken ?? tokens.accessToken, fetch);
}
