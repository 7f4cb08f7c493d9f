/** Keys for programs, and the rules on who may touch what, when and from where. */
import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  cidr,
  index,
  integer,
  pgTable,
  smallint,
  text,
  time,
  uuid,
} from "drizzle-orm/pg-core";
import { MAX_LEGACY_PREFIX, MIN_LEGACY_PREFIX } from "../../core/access/legacy-key.ts";
import {
  atLeast,
  createdAt,
  id,
  lengthBetween,
  moment,
  tenantOwned,
  tenantOwnedOrShared,
  updatedAt,
} from "./columns.ts";
import { accessEffect, accessObject, accessSubject, apiKeyScope, ipRuleKind } from "./enums.ts";
import { byUser, user } from "./identity.ts";
import { ofServer } from "./registry.ts";
import { ownedBy, ownedOrShared } from "./tenants.ts";

/** A key acts as its owner and goes with them. */
const owner = () => text("user_id").references(() => user.id, { onDelete: "cascade" });

export const apiKeys = pgTable(
  "api_keys",
  {
    id: id(),
    tenantId: ownedBy(),
    userId: owner(),
    name: text("name").notNull(),
    description: text("description"),
    /** SHA-256 of salt and secret, hex. The secret has 256 random bits: no slow hash is needed. */
    keyHash: text("key_hash").notNull().unique(),
    keyPrefix: text("key_prefix").notNull(),
    salt: text("salt").notNull(),
    scopes: apiKeyScope("scopes").array().notNull().default(sql`'{read,proxy}'::api_key_scope[]`),
    rateLimitPerHour: integer("rate_limit_per_hour").notNull().default(1000),
    rateLimitPerDay: integer("rate_limit_per_day").notNull().default(10_000),
    /** Scope `connect`: the name of the one server that a connector with this key may serve. */
    connectServer: text("connect_server"),
    /** Empty: from anywhere. */
    ipAllowlist: cidr("ip_allowlist").array().notNull().default(sql`'{}'::cidr[]`),
    expiresAt: moment("expires_at"),
    lastUsed: moment("last_used"),
    totalRequests: bigint("total_requests", { mode: "number" }).notNull().default(0),
    isActive: boolean("is_active").notNull().default(true),
    /** The key that this one replaces; both work until the old one's expires_at. */
    rotatedFrom: uuid("rotated_from").references((): AnyPgColumn => apiKeys.id, { onDelete: "set null" }),
    revokedAt: moment("revoked_at"),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("idx_api_keys_tenant_active").on(table.tenantId, table.isActive),
    index("idx_api_keys_expiration")
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} is not null and ${table.isActive}`),
    index("idx_api_keys_usage")
      .on(table.lastUsed.desc().nullsFirst(), table.totalRequests)
      .where(sql`${table.isActive}`),
    index("api_keys_user_id").on(table.userId),
    lengthBetween("api_keys_name_length", table.name, 1, 200),
    check("api_keys_hash_form", sql`${table.keyHash} ~ '^[0-9a-f]{64}$'`),
    lengthBetween("api_keys_prefix_length", table.keyPrefix, 4, 64),
    lengthBetween("api_keys_salt_length", table.salt, 16, 128),
    lengthBetween("api_keys_connect_server_length", table.connectServer, 1, 100),
    atLeast("api_keys_rate_limit_per_hour_positive", table.rateLimitPerHour, 1),
    atLeast("api_keys_rate_limit_per_day_positive", table.rateLimitPerDay, 1),
    ...tenantOwned(table.tenantId),
  ],
);

export const legacyApiKeys = pgTable(
  "legacy_api_keys",
  {
    id: id(),
    tenantId: ownedBy(),
    userId: owner(),
    name: text("name").notNull(),
    /** SHA-256, as the old backend wrote it: of the key, or of key and salt where there is a salt. */
    keyHash: text("key_hash").notNull().unique(),
    /** The beginning of the key. A salted key is found by it. */
    keyPrefix: text("key_prefix"),
    salt: text("salt"),
    scopes: apiKeyScope("scopes").array().notNull().default(sql`'{read,proxy}'::api_key_scope[]`),
    /** Empty: from anywhere. */
    ipAllowlist: cidr("ip_allowlist").array().notNull().default(sql`'{}'::cidr[]`),
    isActive: boolean("is_active").notNull().default(true),
    expiresAt: moment("expires_at"),
    lastUsed: moment("last_used"),
    totalRequests: bigint("total_requests", { mode: "number" }).notNull().default(0),
    upgradedTo: uuid("upgraded_to").references(() => apiKeys.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("legacy_api_keys_tenant_id").on(table.tenantId),
    index("legacy_api_keys_salted").on(table.keyPrefix).where(sql`${table.salt} is not null`),
    check(
      "legacy_api_keys_salted_has_prefix",
      sql`${table.salt} is null or char_length(${table.keyPrefix}) between ${sql.raw(String(MIN_LEGACY_PREFIX))} and ${sql.raw(String(MAX_LEGACY_PREFIX))}`,
    ),
    lengthBetween("legacy_api_keys_name_length", table.name, 1, 200),
    check("legacy_api_keys_hash_form", sql`${table.keyHash} ~ '^[0-9a-f]{64}$'`),
    ...tenantOwned(table.tenantId),
  ],
);

export const serverAccessControls = pgTable(
  "server_access_controls",
  {
    id: id(),
    tenantId: ownedBy(),
    subjectType: accessSubject("subject_type").notNull(),
    /** A user ID, a role, a key ID or a group ID. */
    subjectId: text("subject_id").notNull(),
    objectType: accessObject("object_type").notNull(),
    /** Null: on any server of the tenant. */
    serverId: uuid("server_id"),
    objectPattern: text("object_pattern").notNull().default("*"),
    effect: accessEffect("effect").notNull(),
    validFrom: moment("valid_from"),
    validUntil: moment("valid_until"),
    /** ISO weekdays 1–7 and hours, in the tenant's time zone. Null: always. */
    daysOfWeek: smallint("days_of_week").array(),
    startTime: time("start_time"),
    endTime: time("end_time"),
    reason: text("reason"),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("server_access_controls_server", table),
    index("idx_server_access_controls_subject").on(table.tenantId, table.subjectType, table.subjectId),
    index("server_access_controls_server_id").on(table.serverId),
    lengthBetween("server_access_controls_pattern_length", table.objectPattern, 1, 500),
    check("server_access_controls_validity", sql`${table.validFrom} < ${table.validUntil}`),
    check("server_access_controls_days", sql`${table.daysOfWeek} <@ '{1,2,3,4,5,6,7}'::smallint[]`),
    check("server_access_controls_hours", sql`(${table.startTime} is null) = (${table.endTime} is null)`),
    ...tenantOwned(table.tenantId),
  ],
);

export const ipRules = pgTable(
  "ip_rules",
  {
    id: id(),
    tenantId: ownedOrShared(),
    kind: ipRuleKind("kind").notNull(),
    cidr: cidr("cidr").notNull(),
    reason: text("reason"),
    /** Set by a ban that the gateway itself imposed. */
    isAutomatic: boolean("is_automatic").notNull().default(false),
    violations: integer("violations").notNull().default(0),
    expiresAt: moment("expires_at"),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("ip_rules_tenant_active").on(table.tenantId, table.isActive),
    atLeast("ip_rules_violations_positive", table.violations, 0),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);
