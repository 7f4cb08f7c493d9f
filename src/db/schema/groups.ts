/** Groups of members: subjects of access rules, created by admins or provisioned by an identity provider. */

import { foreignKey, index, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, lengthBetween, moment, tenantOwned, updatedAt } from "./columns.ts";
import { groupRole, groupSource } from "./enums.ts";
import { byUser } from "./identity.ts";
import { tenantMembers } from "./tenancy.ts";
import { ownedBy } from "./tenants.ts";

export const groups = pgTable(
  "groups",
  {
    id: id(),
    tenantId: ownedBy(),
    name: text("name").notNull(),
    description: text("description"),
    /** What creates and renames the group: an admin, SCIM, or the claims of a sign-in. */
    source: groupSource("source").notNull().default("manual"),
    /** The ID of the group at the identity provider. */
    externalId: text("external_id"),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    // What a row of the group's own tenant refers to it by.
    unique("groups_tenant_id_id").on(table.tenantId, table.id),
    unique("groups_tenant_name").on(table.tenantId, table.name),
    uniqueIndex("groups_tenant_external_id").on(table.tenantId, table.source, table.externalId),
    lengthBetween("groups_name_length", table.name, 1, 200),
    lengthBetween("groups_external_id_length", table.externalId, 1, 500),
    ...tenantOwned(table.tenantId),
  ],
);

export const groupMembers = pgTable(
  "group_members",
  {
    id: id(),
    tenantId: ownedBy(),
    groupId: uuid("group_id").notNull(),
    userId: text("user_id").notNull(),
    role: groupRole("role").notNull().default("user"),
    /** What added the member, and what removes it again. */
    source: groupSource("source").notNull().default("manual"),
    /** From then on the membership has no effect; null: it does not expire. */
    expiresAt: moment("expires_at"),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    foreignKey({
      name: "group_members_group",
      columns: [table.tenantId, table.groupId],
      foreignColumns: [groups.tenantId, groups.id],
    }).onDelete("cascade"),
    // A member who leaves the tenant leaves its groups.
    foreignKey({
      name: "group_members_member",
      columns: [table.tenantId, table.userId],
      foreignColumns: [tenantMembers.tenantId, tenantMembers.userId],
    }).onDelete("cascade"),
    unique("group_members_group_user").on(table.groupId, table.userId),
    index("group_members_tenant_user").on(table.tenantId, table.userId),
    index("group_members_tenant_group").on(table.tenantId, table.groupId),
    ...tenantOwned(table.tenantId),
  ],
);
