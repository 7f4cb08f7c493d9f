/**
 * Renews the access token of one account. It runs in the member's object, once at a time. New tokens are stored there
 * before they are written to the database, so that an authorization server that rotates its refresh tokens never leaves
 * the account with one that is used up.
 */
import { z } from "zod";
import type { Keyring } from "../core/keyring.ts";
import {
  type AccountTokens,
  accountTokens,
  getLifetime,
  toAccountTokens,
} from "../core/oauth-client/tokens.ts";
import type { Database, Db } from "../db/client.ts";
import { failAccount, findAccount, saveRenewedTokens } from "../db/queries/accounts/connected-accounts.ts";
import { recordAudit } from "../db/queries/logs/security.ts";
import type { UpstreamDeps } from "../upstream/connection/channel.ts";
import { openClient } from "../upstream/seal-credentials.ts";
import { createOAuthFetch } from "./oauth-fetch.ts";
import { forgetClient } from "./register-client.ts";
import type { RenewedAccount, RenewRequest } from "./resolve-credential.ts";
import { refreshTokens, type TokenOutcome } from "./token-endpoint.ts";
import { type AccountBinding, openAccount, sealAccount, toAccountOrigin } from "./vault.ts";

/** Renewed tokens that the database may not have yet. */
export interface RenewalStore {
  get(): unknown;
  set(unsaved: UnsavedTokens): void;
  delete(): void;
}

export interface RenewDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly upstream: UpstreamDeps;
  readonly store: RenewalStore;
  readonly now: () => number;
}

/** `before`: the sealed text that they replace. */
const unsavedTokens = z.object({ before: z.string(), sealed: z.string() });
export type UnsavedTokens = z.output<typeof unsavedTokens>;

/** If the replacement of a rejected token is rejected so soon, another one would be too. */
const MIN_REPLACEMENT_INTERVAL_MS = 60_000;

/** What stays as it is when tokens are renewed. */
function toSource({ issuer, tokenEndpoint, revocationEndpoint, client, resource }: AccountTokens) {
  return {
    ...{ issuer, tokenEndpoint, client },
    ...(revocationEndpoint !== undefined && { revocationEndpoint }),
    ...(resource !== undefined && { resource }),
  };
}

interface Account {
  readonly key: { readonly tenantId: string; readonly serverId: string; readonly userId: string };
  readonly binding: AccountBinding;
  /** As the database has it. */
  readonly sealed: string;
  readonly tokens: AccountTokens;
}

export async function renewAccount(deps: RenewDeps, request: RenewRequest): Promise<RenewedAccount> {
  const { now } = deps;
  const account = await loadAccount(deps, request);
  if (account === "missing" || account === "expired") return { kind: account };
  const { tokens } = account;
  const isCurrent =
    now() < (getLifetime(tokens, tokens.refreshToken !== undefined)?.renewAt ?? Number.POSITIVE_INFINITY);
  if (isCurrent && tokens.accessToken !== request.rejected) return toConnected(tokens);
  const isRejected = request.rejected !== undefined;
  const isNewReplacement =
    tokens.isReplacement === true && now() - tokens.obtainedAt < MIN_REPLACEMENT_INTERVAL_MS;
  if (isRejected && isCurrent && isNewReplacement) return { kind: "rejected" };
  if (tokens.refreshToken === undefined) return { kind: isRejected ? "rejected" : "expired" };
  const outcome = await refresh(deps, request, tokens, tokens.refreshToken);
  switch (outcome.kind) {
    case "tokens":
      return toConnected(
        await save(deps, account, {
          ...toAccountTokens(outcome.answer, toSource(tokens), tokens, now()),
          ...(isRejected && { isReplacement: true }),
        }),
      );
    case "denied":
      return fail(deps, account, outcome.error);
    case "unavailable":
      return { kind: "unavailable" };
  }
}

async function loadAccount(
  deps: RenewDeps,
  { server, userId }: RenewRequest,
): Promise<Account | "missing" | "expired"> {
  const { tenantId, id: serverId, endpointUrl, auth } = server;
  const key = { tenantId, serverId, userId };
  const [row] = await findAccount(deps.database.withTenant(tenantId), key);
  if (row === undefined) return "missing";
  const origin = toAccountOrigin(endpointUrl);
  if (row.failure !== null || row.authType !== auth.type || row.origin !== origin) return "expired";
  const binding = { serverId, userId, authType: auth.type, origin };
  const open = async (sealed: string) =>
    accountTokens.safeParse(await openAccount(deps.keyring, binding, sealed)).data;
  const stored = await open(row.sealed);
  if (stored === undefined) return "expired";
  const account = { key, binding, sealed: row.sealed, tokens: stored };
  const { data: unsaved } = unsavedTokens.safeParse(deps.store.get());
  if (unsaved?.before !== row.sealed) return account;
  // They were issued, and the database did not answer then.
  const tokens = await open(unsaved.sealed);
  if (tokens === undefined) return account;
  await write(deps, account, tokens, unsaved.sealed).catch(() => undefined);
  return { ...account, tokens };
}

/**
 * An answer that is lost may have used the refresh token up. Servers that rotate accept it once more for a while for this
 * reason, so it is sent a second time at once.
 */
async function refresh(
  { keyring, upstream }: RenewDeps,
  { server }: RenewRequest,
  tokens: AccountTokens,
  refreshToken: string,
): Promise<TokenOutcome> {
  const isConfigured = server.auth.clientId === tokens.client.id;
  const secret = isConfigured
    ? (await openClient(keyring, server.id, server.auth)).clientSecret
    : tokens.client.secret;
  const source = { ...tokens, client: { ...tokens.client, secret } };
  const fetch = createOAuthFetch(upstream);
  const outcome = await refreshTokens(source, refreshToken, fetch);
  return outcome.kind === "unavailable" ? refreshTokens(source, refreshToken, fetch) : outcome;
}

async function save(deps: RenewDeps, account: Account, tokens: AccountTokens): Promise<AccountTokens> {
  const sealed = await sealAccount(deps.keyring, account.binding, tokens);
  deps.store.set({ before: account.sealed, sealed });
  // The next renewal writes them if the database does not answer now.
  await write(deps, account, tokens, sealed).catch(() => undefined);
  return tokens;
}

async function write(
  deps: RenewDeps,
  account: Account,
  tokens: AccountTokens,
  sealed: string,
): Promise<void> {
  const { scopes, expiresAt, refreshToken } = tokens;
  await saveRenewedTokens(deps.database.withTenant(account.key.tenantId), account.key, account.sealed, {
    ...{ sealed, scopes },
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
    isRenewable: refreshToken !== undefined,
  });
  deps.store.delete();
}

/** The grant is withdrawn, or the client is no longer registered. The member has to connect again; the next call requests it. */
async function fail(
  { database }: RenewDeps,
  { key, sealed, tokens }: Account,
  error: string,
): Promise<RenewedAccount> {
  const db = database.withTenant(key.tenantId);
  if (error === "invalid_client") await forgetClient(database, key.tenantId, tokens.issuer, tokens.client.id);
  const failed = await failAccount(db, key, sealed, error.slice(0, 200));
  if (failed.length > 0) await auditFailure(db, key, error);
  return { kind: "expired" };
}

async function auditFailure(db: Db, key: Account["key"], error: string): Promise<void> {
  const { tenantId, userId, serverId } = key;
  await recordAudit(db, {
    ...{ tenantId, userId, action: "connected-accounts.renew", success: false },
    ...{ resourceType: "connected_account", resourceId: serverId },
    errorMessage: `The authorization server did not renew the access token: ${error.slice(0, 200)}.`,
  });
}

const toConnected = (tokens: AccountTokens): RenewedAccount => ({
  kind: "connected",
  accessToken: tokens.accessToken,
  lifetime: getLifetime(tokens, tokens.refreshToken !== undefined),
});
