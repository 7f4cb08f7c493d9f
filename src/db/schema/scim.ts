/** Provisioning by SCIM 2.0: the tokens of a tenant, and the users that its identity provider manages. */
import { sql } from "drizzle-orm";
import { boolean, check, index, pgTable, text, unique, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, id, lengthBetween, moment, tenantOwned, updatedAt } from "./columns.ts";
import { byUser, user } from "./identity.ts";
import { ownedBy } from "./tenants.ts";

export const scimTokens = pgTable(
  "scim_tokens",
  {
    id: id(),
    tenantId: ownedBy(),
    name: text("name").notNull(),
    /** SHA-256 of the token; the token itself is not kept. */
    tokenHash: text("token_hash").notNull(),
    lastUsedAt: moment("last_used_at"),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("scim_tokens_hash").on(table.tokenHash),
    index("scim_tokens_tenant").on(table.tenantId),
    lengthBetween("scim_tokens_name_length", table.name, 1, 200),
    ...tenantOwned(table.tenantId),
  ],
);

/** Their membership exists while they are active. */
export const scimUsers = pgTable(
  "scim_users",
  {
    id: id(),
    tenantId: ownedBy(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    /** In lower case. */
    userName: text("user_name").notNull(),
    externalId: text("external_id"),
    email: text("email").notNull(),
    displayName: text("display_name"),
    givenName: text("given_name"),
    familyName: text("family_name"),
    isActive: boolean("is_active").notNull().default(true),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("scim_users_tenant_user").on(table.tenantId, table.userId),
    unique("scim_users_tenant_user_name").on(table.tenantId, table.userName),
    index("scim_users_tenant_external_id").on(table.tenantId, table.externalId),
    index("scim_users_user_id").on(table.userId),
    lengthBetween("scim_users_user_name_length", table.userName, 1, 320),
    check("scim_users_user_name_lower", sql`${table.userName} = lower(${table.userName})`),
    ...tenantOwned(table.tenantId),
  ],
);
