/** A tenant's own registry in the ecosystem's format: entries, where they are fetched from, and who may read them unasked. */
import { sql } from "drizzle-orm";
import { boolean, check, foreignKey, index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, jsonb, lengthBetween, moment, tenantOwned, updatedAt, within } from "./columns.ts";
import { entryStatus } from "./enums.ts";
import { byUser } from "./identity.ts";
import { ownedBy } from "./tenants.ts";

type Json = Record<string, unknown>;

/** Other registries that entries are taken over from. */
export const registrySources = pgTable(
  "registry_sources",
  {
    id: id(),
    tenantId: ownedBy(),
    name: text("name").notNull(),
    /** What /v0.1/servers is put behind. */
    url: text("url").notNull(),
    intervalMinutes: integer("interval_minutes").notNull().default(60),
    isActive: boolean("is_active").notNull().default(true),
    /** Of the running sync: its cursor, when it began, and since when it requests changes. */
    cursor: text("cursor"),
    passStartedAt: moment("pass_started_at"),
    changedSince: moment("changed_since"),
    syncedAt: moment("synced_at"),
    attemptedAt: moment("attempted_at"),
    lastError: text("last_error"),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("registry_sources_tenant_name").on(table.tenantId, table.name),
    unique("registry_sources_tenant_id").on(table.tenantId, table.id),
    lengthBetween("registry_sources_name_length", table.name, 1, 100),
    lengthBetween("registry_sources_url_length", table.url, 1, 500),
    within("registry_sources_interval_range", table.intervalMinutes, 5, 10_080),
    ...tenantOwned(table.tenantId),
  ],
);

export const registryEntries = pgTable(
  "registry_entries",
  {
    id: id(),
    tenantId: ownedBy(),
    /** Null: published here, and no source touches it. */
    sourceId: uuid("source_id"),
    name: text("name").notNull(),
    version: text("version").notNull(),
    /** The server.json as it was published. */
    server: jsonb("server").$type<Json>().notNull(),
    status: entryStatus("status").notNull().default("active"),
    statusMessage: text("status_message"),
    statusChangedAt: moment("status_changed_at").notNull().defaultNow(),
    /** Decided here: the status from its source no longer counts. */
    isStatusLocal: boolean("is_status_local").notNull().default(false),
    isLatest: boolean("is_latest").notNull().default(false),
    /** The gateway server that was made of it. No foreign key: one that is gone is simply not found. */
    serverId: uuid("server_id"),
    searchText: text("search_text").generatedAlwaysAs(
      sql`lower(name || ' ' || coalesce(server ->> 'title', '') || ' ' || coalesce(server ->> 'description', ''))`,
    ),
    publishedAt: moment("published_at").notNull().defaultNow(),
    publishedBy: byUser("published_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    foreignKey({
      name: "registry_entries_source",
      columns: [table.tenantId, table.sourceId],
      foreignColumns: [registrySources.tenantId, registrySources.id],
    }).onDelete("cascade"),
    unique("registry_entries_tenant_version").on(table.tenantId, table.name, table.version),
    index("registry_entries_latest").on(table.tenantId, table.name).where(sql`${table.isLatest}`),
    index("registry_entries_updated").on(table.tenantId, table.updatedAt),
    index("registry_entries_source_id").on(table.sourceId).where(sql`${table.sourceId} is not null`),
    lengthBetween("registry_entries_name_length", table.name, 3, 200),
    lengthBetween("registry_entries_version_length", table.version, 1, 255),
    check(
      "registry_entries_message_length",
      sql`${table.statusMessage} is null or char_length(${table.statusMessage}) <= 500`,
    ),
    ...tenantOwned(table.tenantId),
  ],
);

/** Clients that read a registry send no credentials; the path is the secret. */
export const registryPaths = pgTable(
  "registry_paths",
  {
    id: id(),
    tenantId: ownedBy(),
    label: text("label").notNull(),
    /** SHA-256 of the path's secret part. */
    tokenHash: text("token_hash").notNull().unique(),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
  },
  (table) => [
    index("registry_paths_tenant_id").on(table.tenantId),
    lengthBetween("registry_paths_label_length", table.label, 1, 100),
    ...tenantOwned(table.tenantId),
  ],
);
