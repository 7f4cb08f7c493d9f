/** Connected accounts: found for a call, listed for their owner, and saved and deleted by them. */
import { and, asc, eq, inArray, type SQL, sql } from "drizzle-orm";
import { ACCOUNT_AUTH_TYPES } from "../../../core/enums.ts";
import { connectedAccounts } from "../../schema/connected-accounts.ts";
import { mcpServers } from "../../schema/registry.ts";
import type { Queries } from "../shared/queries.ts";

/** `userId` undefined: the account that discovery acts as. */
export interface AccountKey {
  readonly tenantId: string;
  readonly serverId: string;
  readonly userId: string | undefined;
}

function hasKey({ tenantId, serverId, userId }: AccountKey): SQL | undefined {
  const { tenantId: tenant, serverId: server, userId: user, isForDiscovery } = connectedAccounts;
  return and(
    eq(tenant, tenantId),
    eq(server, serverId),
    userId === undefined ? eq(isForDiscovery, true) : eq(user, userId),
  );
}

export function findAccount(db: Queries, key: AccountKey) {
  const { userId, authType, origin, sealed, scopes, failure, isForDiscovery, lastUsedAt } = connectedAccounts;
  return db
    .select({ userId, authType, origin, sealed, scopes, failure, isForDiscovery, lastUsedAt })
    .from(connectedAccounts)
    .where(hasKey(key));
}

/** How a server authenticates members, with the client that an admin has registered for it. */
export function findAccountServer(db: Queries, tenantId: string, serverId: string) {
  const { id, name, endpointUrl, authConfig: auth } = mcpServers;
  return db
    .select({ id, tenantId: mcpServers.tenantId, name, endpointUrl, auth })
    .from(mcpServers)
    .where(and(eq(mcpServers.tenantId, tenantId), eq(id, serverId)));
}

/** Servers of the tenant where members act with their own accounts, with this member's account where there is one. */
export function listAccountServers(db: Queries, tenantId: string, userId: string, limit: number) {
  const {
    id: accountId,
    authType,
    origin,
    scopes,
    expiresAt,
    failure,
    isForDiscovery,
    isRenewable,
    connectedAt,
    lastUsedAt,
  } = connectedAccounts;
  return db
    .select({
      ...{ id: mcpServers.id, name: mcpServers.name, title: mcpServers.title },
      ...{ endpointUrl: mcpServers.endpointUrl, type: sql<string>`${mcpServers.authConfig} ->> 'type'` },
      account: {
        ...{ accountId, authType, origin, scopes, expiresAt, failure, isForDiscovery },
        ...{ isRenewable, connectedAt, lastUsedAt },
      },
    })
    .from(mcpServers)
    .leftJoin(
      connectedAccounts,
      and(eq(connectedAccounts.serverId, mcpServers.id), eq(connectedAccounts.userId, userId)),
    )
    .where(
      and(
        eq(mcpServers.tenantId, tenantId),
        eq(mcpServers.isActive, true),
        inArray(sql`${mcpServers.authConfig} ->> 'type'`, [...ACCOUNT_AUTH_TYPES]),
      ),
    )
    .orderBy(asc(mcpServers.name))
    .limit(limit);
}

export type NewAccount = Omit<typeof connectedAccounts.$inferInsert, "id" | "createdAt" | "updatedAt"> & {
  readonly connectedAt: Date;
};

/** A second connection of the same member replaces the first. */
export function saveAccount(db: Queries, account: NewAccount) {
  const { authType, origin, sealed, scopes, expiresAt, isForDiscovery, isRenewable, connectedAt } = account;
  const content = { authType, origin, sealed, scopes, expiresAt, isForDiscovery, isRenewable, connectedAt };
  return db
    .insert(connectedAccounts)
    .values(account)
    .onConflictDoUpdate({
      target: [connectedAccounts.serverId, connectedAccounts.userId],
      set: { ...content, failure: null, updatedAt: connectedAt },
    });
}

type MemberAccountKey = AccountKey & { readonly userId: string };

/** Only in place of the tokens that were renewed: an account that was connected again in the meantime is kept. */
const hasTokens = (key: MemberAccountKey, sealed: string) =>
  and(hasKey(key), eq(connectedAccounts.sealed, sealed));

export function saveRenewedTokens(
  db: Queries,
  key: MemberAccountKey,
  before: string,
  tokens: Pick<NewAccount, "sealed" | "scopes" | "expiresAt" | "isRenewable">,
) {
  return db
    .update(connectedAccounts)
    .set(tokens)
    .where(hasTokens(key, before))
    .returning({ id: connectedAccounts.id });
}

export function failAccount(db: Queries, key: MemberAccountKey, before: string, failure: string) {
  return db
    .update(connectedAccounts)
    .set({ failure })
    .where(hasTokens(key, before))
    .returning({ id: connectedAccounts.id });
}

export function markAccountUsed(db: Queries, key: AccountKey, at: Date) {
  return db.update(connectedAccounts).set({ lastUsedAt: at }).where(hasKey(key));
}

/** Before another account takes its place. */
export function releaseDiscoveryAccount(db: Queries, tenantId: string, serverId: string) {
  return db
    .update(connectedAccounts)
    .set({ isForDiscovery: false })
    .where(hasKey({ tenantId, serverId, userId: undefined }));
}

export function deleteAccount(db: Queries, key: MemberAccountKey) {
  return db.delete(connectedAccounts).where(hasKey(key));
}
