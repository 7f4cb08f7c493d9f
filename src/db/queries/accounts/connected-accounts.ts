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
  const { userId, authType, origin, sealed, failure, isForDiscovery } = connectedAccounts;
  return db
    .select({ userId, authType, origin, sealed, failure, isForDiscovery })
    .from(connectedAccounts)
    .where(hasKey(key));
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
    connectedAt,
  } = connectedAccounts;
  return db
    .select({
      ...{ id: mcpServers.id, name: mcpServers.name, title: mcpServers.title },
      ...{ endpointUrl: mcpServers.endpointUrl, type: sql<string>`${mcpServers.authConfig} ->> 'type'` },
      account: { accountId, authType, origin, scopes, expiresAt, failure, isForDiscovery, connectedAt },
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
  const { authType, origin, sealed, scopes, expiresAt, isForDiscovery, connectedAt } = account;
  const content = { authType, origin, sealed, scopes, expiresAt, isForDiscovery, connectedAt };
  return db
    .insert(connectedAccounts)
    .values(account)
    .onConflictDoUpdate({
      target: [connectedAccounts.serverId, connectedAccounts.userId],
      set: { ...content, failure: null, updatedAt: connectedAt },
    });
}

/** Before another account takes its place. */
export function releaseDiscoveryAccount(db: Queries, tenantId: string, serverId: string) {
  return db
    .update(connectedAccounts)
    .set({ isForDiscovery: false })
    .where(hasKey({ tenantId, serverId, userId: undefined }));
}

export function deleteAccount(db: Queries, key: AccountKey & { readonly userId: string }) {
  return db.delete(connectedAccounts).where(hasKey(key));
}
