/** Members' own authorizations at servers: secrets and tokens that only the member's own calls are sent with. */
import { sql } from "drizzle-orm";
import {
  boolean,
  foreignKey,
  index,
  integer,
  pgTable,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import {
  createdAt,
  id,
  jsonb,
  lengthBetween,
  moment,
  systemOnly,
  tenantOwned,
  updatedAt,
} from "./columns.ts";
import { ofServer } from "./registry.ts";
import { tenantMembers } from "./tenancy.ts";
import { ownedBy } from "./tenants.ts";

export const connectedAccounts = pgTable(
  "connected_accounts",
  {
    id: id(),
    tenantId: ownedBy(),
    serverId: uuid("server_id").notNull(),
    userId: text("user_id").notNull(),
    /** The server's authentication type and origin when it was connected: for any other the account is not used. */
    authType: text("auth_type").notNull(),
    origin: text("origin").notNull(),
    /** Text of core/keyring, bound to the server, the member, the type and the origin. */
    sealed: text("sealed").notNull(),
    scopes: text("scopes").array().notNull().default(sql`'{}'::text[]`),
    /** Of the access token; null where it does not expire. */
    expiresAt: moment("expires_at"),
    /** Why the member has to connect again; null while the account works. */
    failure: text("failure"),
    /** The account that capability discovery and health checks of the server act as. */
    isForDiscovery: boolean("is_for_discovery").notNull().default(false),
    /** The gateway renews the access token by itself. */
    isRenewable: boolean("is_renewable").notNull().default(false),
    connectedAt: moment("connected_at").notNull().defaultNow(),
    /** Within a few minutes: a call of a warm isolate writes nothing. */
    lastUsedAt: moment("last_used_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("connected_accounts_server", table),
    // A member who leaves the tenant leaves no credential behind.
    foreignKey({
      name: "connected_accounts_member",
      columns: [table.tenantId, table.userId],
      foreignColumns: [tenantMembers.tenantId, tenantMembers.userId],
    }).onDelete("cascade"),
    unique("connected_accounts_server_user").on(table.serverId, table.userId),
    uniqueIndex("connected_accounts_discovery").on(table.serverId).where(sql`${table.isForDiscovery}`),
    index("connected_accounts_tenant_user").on(table.tenantId, table.userId),
    index("connected_accounts_tenant_server").on(table.tenantId, table.serverId),
    lengthBetween("connected_accounts_sealed_length", table.sealed, 1, 100_000),
    lengthBetween("connected_accounts_origin_length", table.origin, 1, 500),
    ...tenantOwned(table.tenantId),
  ],
);

/** The gateway's dynamic registrations as a client of authorization servers. */
export const accountClients = pgTable(
  "account_clients",
  {
    id: id(),
    tenantId: ownedBy(),
    issuer: text("issuer").notNull(),
    clientId: text("client_id").notNull(),
    /** Text of core/keyring, bound to the tenant and the issuer. */
    sealed: text("sealed").notNull(),
    /** Of the client's secret; null where it does not expire. */
    expiresAt: moment("expires_at"),
    createdAt: createdAt(),
  },
  (table) => [
    unique("account_clients_tenant_issuer").on(table.tenantId, table.issuer),
    lengthBetween("account_clients_issuer_length", table.issuer, 1, 2000),
    lengthBetween("account_clients_client_id_length", table.clientId, 1, 2000),
    lengthBetween("account_clients_sealed_length", table.sealed, 1, 100_000),
    ...tenantOwned(table.tenantId),
  ],
);

/**
 * Tokens of deleted accounts, until they are revoked at the authorization server. A trigger writes them, whatever deletes
 * an account: its owner, the end of a membership, or the deletion of the server, the user or the tenant.
 */
export const accountRevocations = pgTable(
  "account_revocations",
  {
    id: id(),
    serverId: uuid("server_id").notNull(),
    userId: text("user_id").notNull(),
    origin: text("origin").notNull(),
    sealed: text("sealed").notNull(),
    attempts: integer("attempts").notNull().default(0),
    dueAt: moment("due_at").notNull().defaultNow(),
    createdAt: createdAt(),
  },
  (table) => [index("account_revocations_due_at").on(table.dueAt), ...systemOnly()],
);

/** Keys that sign the gateway's tokens to servers about its callers. Old ones are deleted by a daily job. */
export const identityKeys = pgTable(
  "identity_keys",
  {
    id: id(),
    publicKey: jsonb("public_key").$type<Record<string, unknown>>().notNull(),
    /** Text of core/keyring: the private key, bound to the ID. */
    sealed: text("sealed").notNull(),
    createdAt: createdAt(),
  },
  (table) => [lengthBetween("identity_keys_sealed_length", table.sealed, 1, 10_000), ...systemOnly()],
);
