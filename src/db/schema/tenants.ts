/** The tenants themselves, without their members: nearly every other table references them. */
import { sql } from "drizzle-orm";
import { check, integer, pgPolicy, pgTable, text, uuid } from "drizzle-orm/pg-core";
import {
  createdAt,
  id,
  jsonb,
  lengthBetween,
  runtimeRole,
  systemOnly,
  updatedAt,
  within,
} from "./columns.ts";
import { tenantStatus } from "./enums.ts";

export interface PlanLimits {
  requestsPerMinute?: number;
  servers?: number;
  apiKeys?: number;
  members?: number;
}

export const tenants = pgTable(
  "tenants",
  {
    id: id(),
    name: text("name").notNull(),
    /** In paths (/t/{slug}/…), so only what needs no escaping there. */
    slug: text("slug").notNull().unique(),
    /** As `metadata`, a column of better-auth's organization model. */
    logo: text("logo"),
    status: tenantStatus("status").notNull().default("active"),
    settings: jsonb("settings").$type<Record<string, unknown>>().notNull().default({}),
    /** Share of the system's capacity relative to other tenants (weighted max-min fairness). */
    weight: integer("weight").notNull().default(1),
    planLimits: jsonb("plan_limits").$type<PlanLimits>().notNull().default({}),
    timeZone: text("time_zone").notNull().default("UTC"),
    metadata: text("metadata"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    lengthBetween("tenants_name_length", table.name, 1, 200),
    check("tenants_slug_form", sql`${table.slug} ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'`),
    within("tenants_weight_range", table.weight, 1, 1000),
    // A tenant reads and edits itself; making and removing tenants is the system's work.
    pgPolicy("tenant_read", {
      to: runtimeRole,
      for: "select",
      using: sql`${table.id} = (select app_tenant_id())`,
    }),
    pgPolicy("tenant_edit", {
      to: runtimeRole,
      for: "update",
      using: sql`${table.id} = (select app_tenant_id())`,
      withCheck: sql`${table.id} = (select app_tenant_id())`,
    }),
    ...systemOnly(),
  ],
);

/** On nearly every table; its name is the same everywhere so that policies and audits can rely on it. */
export const ownedBy = () =>
  uuid("tenant_id")
    .notNull()
    .references(() => tenants.id, { onDelete: "cascade" });

/** Null: the row holds for the whole system. */
export const ownedOrShared = () => uuid("tenant_id").references(() => tenants.id, { onDelete: "cascade" });
