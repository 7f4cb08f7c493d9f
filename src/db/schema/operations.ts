/** What operators set and watch while the system runs: configuration, flags, windows, announcements, retention, views. */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  pgTable,
  text,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import {
  atLeast,
  createdAt,
  id,
  jsonb,
  lengthBetween,
  moment,
  systemOnly,
  tenantOwned,
  tenantOwnedOrShared,
  updatedAt,
  within,
} from "./columns.ts";
import { refreshStrategy, severity } from "./enums.ts";
import { byUser, user } from "./identity.ts";
import { ofServer } from "./registry.ts";
import { ownedBy, ownedOrShared } from "./tenants.ts";

type Json = Record<string, unknown>;

export const systemConfigs = pgTable(
  "system_configs",
  {
    id: id(),
    /** Null: the system's default, which a tenant's row of the same key overrides. */
    tenantId: ownedOrShared(),
    key: text("key").notNull(),
    value: jsonb("value").$type<unknown>().notNull(),
    category: text("category").notNull().default("general"),
    description: text("description"),
    version: integer("version").notNull().default(1),
    isRuntime: boolean("is_runtime").notNull().default(true),
    isSensitive: boolean("is_sensitive").notNull().default(false),
    updatedBy: byUser("updated_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("system_configs_tenant_key").on(table.tenantId, table.key).nullsNotDistinct(),
    index("idx_system_configs_category_tenant").on(table.category, table.tenantId),
    check("system_configs_key_form", sql`${table.key} ~ '^[a-z][a-z0-9_.-]{0,199}$'`),
    atLeast("system_configs_version_positive", table.version, 1),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

export const systemConfigHistory = pgTable(
  "system_config_history",
  {
    id: id(),
    tenantId: ownedOrShared(),
    configId: uuid("config_id")
      .notNull()
      .references(() => systemConfigs.id, { onDelete: "cascade" }),
    version: integer("version").notNull(),
    value: jsonb("value").$type<unknown>().notNull(),
    changedBy: byUser("changed_by"),
    reason: text("reason"),
    createdAt: createdAt(),
  },
  (table) => [
    unique("system_config_history_version").on(table.configId, table.version),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

export const featureFlags = pgTable(
  "feature_flags",
  {
    id: id(),
    tenantId: ownedOrShared(),
    key: text("key").notNull(),
    name: text("name").notNull(),
    description: text("description"),
    isEnabled: boolean("is_enabled").notNull().default(false),
    rules: jsonb("rules").$type<Json[]>().notNull().default([]),
    percentage: doublePrecision("percentage").notNull().default(100),
    userIds: text("user_ids").array().notNull().default(sql`'{}'::text[]`),
    updatedBy: byUser("updated_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("feature_flags_tenant_key").on(table.tenantId, table.key).nullsNotDistinct(),
    check("feature_flags_key_form", sql`${table.key} ~ '^[a-z][a-z0-9_.-]{0,199}$'`),
    within("feature_flags_percentage_range", table.percentage, 0, 100),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

export const maintenanceWindows = pgTable(
  "maintenance_windows",
  {
    id: id(),
    tenantId: ownedOrShared(),
    /** Null: every server of the tenant. */
    serverId: uuid("server_id"),
    title: text("title").notNull(),
    description: text("description"),
    startsAt: moment("starts_at").notNull(),
    endsAt: moment("ends_at").notNull(),
    /** A cron expression; the first window gives the length of each. Null: once. */
    recurrence: text("recurrence"),
    timeZone: text("time_zone").notNull().default("UTC"),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("maintenance_windows_server", table),
    index("maintenance_windows_tenant_end").on(table.tenantId, table.endsAt),
    lengthBetween("maintenance_windows_title_length", table.title, 1, 200),
    check("maintenance_windows_order", sql`${table.startsAt} < ${table.endsAt}`),
    check(
      "maintenance_windows_server_has_tenant",
      sql`${table.serverId} is null or ${table.tenantId} is not null`,
    ),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

export const systemAnnouncements = pgTable(
  "system_announcements",
  {
    id: id(),
    tenantId: ownedOrShared(),
    title: text("title").notNull(),
    body: text("body").notNull(),
    severity: severity("severity").notNull().default("info"),
    /** Roles that see it; empty: everyone. */
    audience: text("audience").array().notNull().default(sql`'{}'::text[]`),
    startsAt: moment("starts_at").notNull().defaultNow(),
    endsAt: moment("ends_at"),
    requiresAcknowledgement: boolean("requires_acknowledgement").notNull().default(false),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("system_announcements_tenant_start").on(table.tenantId, table.startsAt),
    lengthBetween("system_announcements_title_length", table.title, 1, 200),
    check("system_announcements_order", sql`${table.startsAt} < ${table.endsAt}`),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

export const announcementAcknowledgements = pgTable(
  "announcement_acknowledgements",
  {
    id: id(),
    tenantId: ownedBy(),
    announcementId: uuid("announcement_id")
      .notNull()
      .references(() => systemAnnouncements.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    acknowledgedAt: moment("acknowledged_at").notNull().defaultNow(),
    createdAt: createdAt(),
  },
  (table) => [
    unique("announcement_acknowledgements_once").on(table.announcementId, table.userId),
    index("announcement_acknowledgements_user_id").on(table.userId),
    index("announcement_acknowledgements_tenant_id").on(table.tenantId),
    ...tenantOwned(table.tenantId),
  ],
);

export const dataRetentionPolicies = pgTable(
  "data_retention_policies",
  {
    id: id(),
    tenantId: ownedOrShared(),
    tableName: text("table_name").notNull(),
    retentionDays: integer("retention_days").notNull(),
    legalHold: boolean("legal_hold").notNull().default(false),
    isActive: boolean("is_active").notNull().default(true),
    lastRunAt: moment("last_run_at"),
    lastDeletedRows: bigint("last_deleted_rows", { mode: "number" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("data_retention_policies_tenant_table").on(table.tenantId, table.tableName).nullsNotDistinct(),
    within("data_retention_policies_days_range", table.retentionDays, 1, 36_500),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

/** A run of retention: what it has done so far, for the next slice of it to go on from and for people to read. */
export const retentionRuns = pgTable(
  "retention_runs",
  {
    id: id(),
    /** The moment that its policies are reckoned from. */
    startedAt: moment("started_at").notNull(),
    finishedAt: moment("finished_at"),
    /** The run is claimed until then. */
    takenUntil: moment("taken_until"),
    droppedPartitions: text("dropped_partitions").array().notNull().default(sql`'{}'::text[]`),
    /** Rows by step. */
    deletedRows: jsonb("deleted_rows").$type<Record<string, number>>().notNull().default({}),
    doneSteps: text("done_steps").array().notNull().default(sql`'{}'::text[]`),
    lastError: text("last_error"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("retention_runs_started_at").on(table.startedAt), ...systemOnly()],
);

/** The registry of rollups and views that cron refreshes; it describes the database, not a tenant. */
export const materializedViews = pgTable(
  "materialized_views",
  {
    id: id(),
    name: text("name").notNull().unique(),
    description: text("description"),
    refreshStrategy: refreshStrategy("refresh_strategy").notNull().default("incremental"),
    refreshIntervalSeconds: integer("refresh_interval_seconds"),
    isEnabled: boolean("is_enabled").notNull().default(true),
    lastRefreshedAt: moment("last_refreshed_at"),
    lastDurationMs: doublePrecision("last_duration_ms"),
    lastError: text("last_error"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    check("materialized_views_name_form", sql`${table.name} ~ '^[a-z_][a-z0-9_]{0,62}$'`),
    atLeast("materialized_views_interval_positive", table.refreshIntervalSeconds, 1),
    ...systemOnly(),
  ],
);
