/** Named selections of the catalog, each with an endpoint of its own. */

import { sql } from "drizzle-orm";
import { boolean, check, pgTable, text, unique } from "drizzle-orm/pg-core";
import type { ItemOverride, ToolsetMember } from "../../core/toolsets/toolset.ts";
import { createdAt, id, jsonb, lengthBetween, tenantOwned, updatedAt } from "./columns.ts";
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
    /** For clients of its endpoint, in place of what the servers say. */
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
    unique("toolsets_tenant_slug").on(table.tenantId, table.slug),
    check("toolsets_slug_format", sql`${table.slug} ~ '^[a-z0-9][a-z0-9-]{0,62}$'`),
    lengthBetween("toolsets_title_length", table.title, 1, 200),
    check("toolsets_members_array", sql`jsonb_typeof(${table.members}) = 'array'`),
    check("toolsets_overrides_array", sql`jsonb_typeof(${table.overrides}) = 'array'`),
    ...tenantOwned(table.tenantId),
  ],
);
