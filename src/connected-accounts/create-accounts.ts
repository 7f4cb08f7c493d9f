/**
 * Creates the credentials of connected accounts: loads an account from the database and opens it, as far as it still
 * belongs to the server as it is now.
 */
import { z } from "zod";
import type { Keyring } from "../core/keyring.ts";
import type { Database } from "../db/client.ts";
import { findAccount } from "../db/queries/accounts/connected-accounts.ts";
import {
  AccountCredentials,
  type AccountCredentialsDeps,
  type AccountServer,
  type AccountState,
} from "./resolve-credential.ts";
import { openAccount, toAccountOrigin } from "./vault.ts";

const userSecret = z.object({ secret: z.string() });

export interface AccountsDeps extends Omit<AccountCredentialsDeps, "load"> {
  readonly keyring: Keyring;
  readonly database: Database;
}

export const createAccountCredentials = ({ keyring, database, ...deps }: AccountsDeps) =>
  new AccountCredentials({
    ...deps,
    load: (server, userId) => loadAccount(database, keyring, server, userId),
  });

/** `userId` undefined: the account that discovery acts as. */
async function loadAccount(
  database: Database,
  keyring: Keyring,
  server: AccountServer,
  userId: string | undefined,
): Promise<AccountState> {
  const { tenantId, id: serverId, auth, endpointUrl } = server;
  // From the main database: a replica that lags behind would miss an account that was just connected.
  const [row] = await findAccount(database.withTenant(tenantId), { tenantId, serverId, userId });
  if (row === undefined) return { kind: "missing" };
  const origin = toAccountOrigin(endpointUrl);
  if (row.failure !== null || row.authType !== auth.type || row.origin !== origin) return { kind: "expired" };
  const binding = { serverId, userId: row.userId, authType: auth.type, origin };
  const { data } = userSecret.safeParse(await openAccount(keyring, binding, row.sealed));
  if (data === undefined) return { kind: "expired" };
  return { kind: "connected", credential: toHeader(auth.headerName, data.secret) };
}

const toHeader = (headerName: string | undefined, secret: string) =>
  headerName === undefined
    ? (["authorization", `Bearer ${secret}`] as const)
    : ([headerName, secret] as const);
