/**
 * Creates the credentials of connected accounts: loads an account from the database and opens it, as far as it still
 * is of the server as it is now.
 */
import { z } from "zod";
import { MINUTE_MS } from "../core/durations.ts";
import { usesAccounts } from "../core/enums.ts";
import { GATEWAY_SUBJECT } from "../core/identity-token/claims.ts";
import type { Keyring } from "../core/keyring.ts";
import { accountTokens, getLifetime } from "../core/oauth-client/tokens.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import type { Database } from "../db/client.ts";
import { findAccount, markAccountUsed } from "../db/queries/accounts/connected-accounts.ts";
import type { SealedAuthConfig } from "../db/schema/registry.ts";
import type { Header } from "../upstream/credentials.ts";
import { serverTokenRefused } from "../upstream/server-token-error.ts";
import { IdentityTokens } from "./identity-tokens.ts";
import {
  AccountCredentials,
  type AccountCredentialsDeps,
  type AccountServer,
  type AccountState,
  type TokenLifetime,
  toBearer,
  toState,
} from "./resolve-credential.ts";
import { openAccount, toAccountOrigin } from "./vault.ts";

const userSecret = z.object({ secret: z.string() });

export interface AccountsDeps extends Omit<AccountCredentialsDeps, "load" | "identity"> {
  readonly keyring: Keyring;
  readonly database: Database;
}

/** The last use is written with the loads of an account, and no more often than this. */
const USE_INTERVAL_MS = 5 * MINUTE_MS;

export const createAccountCredentials = (deps: AccountsDeps) =>
  new AccountCredentials({
    ...deps,
    identity: new IdentityTokens(deps),
    load: (server, userId, waitUntil) => loadAccount(deps, server, userId, waitUntil),
  });

/** `userId` undefined: the account that discovery acts as. */
async function loadAccount(
  { database, keyring, now, renew }: AccountsDeps,
  server: AccountServer,
  userId: string | undefined,
  waitUntil: WaitUntil,
): Promise<AccountState> {
  const { tenantId, id: serverId, auth, endpointUrl } = server;
  if (!usesAccounts(auth.type)) return loadServerToken(renew, server, userId ?? GATEWAY_SUBJECT);
  // From the main database: a replica that lags behind would miss an account that was just connected.
  const db = database.withTenant(tenantId);
  const [row] = await findAccount(db, { tenantId, serverId, userId });
  if (row === undefined) return { kind: "missing" };
  const origin = toAccountOrigin(endpointUrl);
  if (row.failure !== null || row.authType !== auth.type || row.origin !== origin) return { kind: "expired" };
  const binding = { serverId, userId: row.userId, authType: auth.type, origin };
  const opened = readCredential(auth, await openAccount(keyring, binding, row.sealed));
  if (opened === undefined) return { kind: "expired" };
  if (now() - (row.lastUsedAt?.getTime() ?? 0) > USE_INTERVAL_MS) {
    const key = { tenantId, serverId, userId: row.userId };
    waitUntil(markAccountUsed(db, key, new Date(now())).catch(() => undefined));
  }
  return { kind: "connected", ...opened, userId: row.userId };
}

/** A token that no member has consented to, which the object of the server and the subject keeps. A silence is not cached. */
async function loadServerToken(
  renew: AccountsDeps["renew"],
  { id, name, tenantId, endpointUrl, auth }: AccountServer,
  subject: string,
): Promise<AccountState> {
  const server = { id, name, tenantId, endpointUrl, auth };
  const state = toState(await renew({ server, userId: subject, rejected: undefined }), subject);
  if (state.kind === "unavailable") throw serverTokenRefused(name, true);
  return state;
}

interface OpenedCredential {
  readonly credential: Header;
  readonly lifetime: TokenLifetime | undefined;
}

function readCredential(auth: SealedAuthConfig, opened: unknown): OpenedCredential | undefined {
  if (auth.type === "user_oauth") {
    const { data: tokens } = accountTokens.safeParse(opened);
    return (
      tokens && {
        credential: toBearer(tokens.accessToken),
        lifetime: getLifetime(tokens, tokens.refreshToken !== undefined),
      }
    );
  }
  const { data } = userSecret.safeParse(opened);
  return data && { credential: toHeader(auth.headerName, data.secret), lifetime: undefined };
}

const toHeader = (headerName: string | undefined, secret: string): Header =>
  headerName === undefined ? toBearer(secret) : [headerName, secret];
