/** Named selections of the catalog, each with an endpoint of its own. */

import { sql } from "drizzle-orm";
import { boolean, check, foreignKey, index, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import type { ItemOverride, ToolsetMember } from "../../core/toolsets/toolset.ts";
import { createdAt, id, jsonb, lengthBetween, tenantOwned, updatedAt } from "./columns.ts";
import { bindingSubject } from "./enums.ts";
import { byUser } from "./identity.ts";
import { ownedBy } from "./tenants.ts";

export const toolsets = pgTable(
  "toolsets",
  {
    id: id(),
    tenantId: ownedBy(),
    /** Also the path segment of its endpoint, /mcp/toolsets/{slug}. */
    slug: text("slug").notNull(),
    title: text("title").notNull(),
    description: text("description"),
    /** For clients of its endpoint, in place of the servers' own instructions. */
    instructions: text("instructions"),
    /** Ids of servers of this tenant; what names one that no longer exists selects nothing. */
    members: jsonb("members").$type<ToolsetMember[]>().notNull().default([]),
    overrides: jsonb("overrides").$type<ItemOverride[]>().notNull().default([]),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    // What a row of the toolset's own tenant refers to it by.
    unique("toolsets_tenant_id_id").on(table.tenantId, table.id),
    unique("toolsets_tenant_slug").on(table.tenantId, table.slug),
    check("toolsets_slug_format", sql`${table.slug} ~ '^[a-z0-9][a-z0-9-]{0,62}$'`),
    lengthBetween("toolsets_title_length", table.title, 1, 200),
    check("toolsets_members_array", sql`jsonb_typeof(${table.members}) = 'array'`),
    check("toolsets_overrides_array", sql`jsonb_typeof(${table.overrides}) = 'array'`),
    ...tenantOwned(table.tenantId),
  ],
);

/** What reaches nothing but one toolset: read by core/toolsets/bindings.ts. */
export const toolsetBindings = pgTable(
  "toolset_bindings",
  {
    id: id(),
    tenantId: ownedBy(),
    subjectType: bindingSubject("subject_type").notNull(),
    /** A key ID, an OAuth client ID, a group ID or a role. */
    subjectId: text("subject_id").notNull(),
    toolsetId: uuid("toolset_id").notNull(),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    // Without its toolset a bound caller would be free, so that a bound toolset stays.
    foreignKey({
      name: "toolset_bindings_toolset",
      columns: [table.tenantId, table.toolsetId],
      foreignColumns: [toolsets.tenantId, toolsets.id],
    }),
    unique("toolset_bindings_subject").on(table.tenantId, table.subjectType, table.subjectId),
    index("toolset_bindings_tenant_toolset").on(table.tenantId, table.toolsetId),
    lengthBetween("toolset_bindings_subject_id_length", table.subjectId, 1, 2000),
    ...tenantOwned(table.tenantId),
  ],
);
