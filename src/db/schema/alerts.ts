/** Alert rules, their states and firings, notifications and signing secrets. */
import { sql } from "drizzle-orm";
import {
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
import type { AlertChannel } from "../../core/alerts/channels.ts";
import type { AlertMessage } from "../../core/alerts/messages.ts";
import type { AlertState, AlertStatus } from "../../core/alerts/state-machine.ts";
import {
  createdAt,
  id,
  jsonb,
  lengthBetween,
  moment,
  tenantOwned,
  tenantOwnedOrShared,
  updatedAt,
  within,
} from "./columns.ts";
import { alertComparison, alertStatus, severity } from "./enums.ts";
import { byUser } from "./identity.ts";
import { ofServer } from "./registry.ts";
import { ownedOrShared } from "./tenants.ts";

type Json = Record<string, unknown>;

export const performanceAlerts = pgTable(
  "performance_alerts",
  {
    id: id(),
    tenantId: ownedOrShared(),
    name: text("name").notNull(),
    description: text("description"),
    metric: text("metric").notNull(),
    comparison: alertComparison("comparison").notNull().default("gt"),
    threshold: doublePrecision("threshold").notNull(),
    /** Hysteresis: an open alert resolves only on the far side of this. Null: of the threshold itself. */
    resolveThreshold: doublePrecision("resolve_threshold"),
    windowSeconds: integer("window_seconds").notNull().default(300),
    forSeconds: integer("for_seconds").notNull().default(0),
    severity: severity("severity").notNull().default("medium"),
    serverId: uuid("server_id"),
    channels: jsonb("channels").$type<AlertChannel[]>().notNull().default([]),
    isActive: boolean("is_active").notNull().default(true),
    /** Until then the rule is evaluated, but no notifications are sent. */
    silencedUntil: moment("silenced_until"),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("performance_alerts_server", table),
    index("performance_alerts_tenant_active").on(table.tenantId, table.isActive),
    lengthBetween("performance_alerts_name_length", table.name, 1, 200),
    within("performance_alerts_window_range", table.windowSeconds, 1, 604_800),
    within("performance_alerts_for_range", table.forSeconds, 0, 604_800),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

export const alertEvents = pgTable(
  "alert_events",
  {
    id: id(),
    tenantId: ownedOrShared(),
    alertId: uuid("alert_id")
      .notNull()
      .references(() => performanceAlerts.id, { onDelete: "cascade" }),
    status: alertStatus("status").notNull().default("open"),
    severity: severity("severity").notNull(),
    /** One open event per key, however often the rule fires. */
    dedupKey: text("dedup_key").notNull(),
    value: doublePrecision("value"),
    message: text("message").notNull(),
    details: jsonb("details").$type<Json>(),
    openedAt: moment("opened_at").notNull().defaultNow(),
    acknowledgedAt: moment("acknowledged_at"),
    acknowledgedBy: byUser("acknowledged_by"),
    resolvedAt: moment("resolved_at"),
    lastNotifiedAt: moment("last_notified_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("idx_alert_events_open_tenant")
      .on(table.tenantId, table.openedAt.desc().nullsFirst())
      .where(sql`${table.resolvedAt} is null`),
    index("alert_events_alert_id").on(table.alertId, table.openedAt.desc().nullsFirst()),
    check("alert_events_resolved", sql`(${table.status} = 'resolved') = (${table.resolvedAt} is not null)`),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

/** Null for system-wide rules, which only operators see. */
const owner = ownedOrShared;

const ofAlert = () =>
  uuid("alert_id")
    .notNull()
    .references(() => performanceAlerts.id, { onDelete: "cascade" });

export const alertStates = pgTable(
  "alert_states",
  {
    id: id(),
    tenantId: owner(),
    alertId: ofAlert(),
    /** A server's id where each server has an alert of its own; otherwise empty. */
    subject: text("subject").notNull().default(""),
    status: text("status").$type<AlertStatus>().notNull().default("quiet"),
    value: doublePrecision("value"),
    memory: jsonb("memory").$type<AlertState>().notNull(),
    eventId: uuid("event_id"),
    evaluatedAt: moment("evaluated_at").notNull().defaultNow(),
    /** Rises with each change: cron and a health check may come to the same state at once. */
    revision: integer("revision").notNull().default(0),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("alert_states_subject").on(table.alertId, table.subject),
    index("alert_states_tenant_id").on(table.tenantId),
    ...tenantOwned(table.tenantId),
  ],
);

export const alertDeliveries = pgTable(
  "alert_deliveries",
  {
    id: id(),
    tenantId: owner(),
    alertId: ofAlert(),
    eventId: uuid("event_id").references(() => alertEvents.id, { onDelete: "cascade" }),
    channel: jsonb("channel").$type<AlertChannel>().notNull(),
    message: jsonb("message").$type<AlertMessage>().notNull(),
    status: text("status").$type<"pending" | "delivered" | "failed">().notNull().default("pending"),
    attempts: integer("attempts").notNull().default(0),
    nextAttemptAt: moment("next_attempt_at").notNull().defaultNow(),
    lastError: text("last_error"),
    deliveredAt: moment("delivered_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("alert_deliveries_due").on(table.nextAttemptAt).where(sql`${table.status} = 'pending'`),
    index("alert_deliveries_tenant_created").on(table.tenantId, table.createdAt),
    index("alert_deliveries_alert_id").on(table.alertId),
    index("alert_deliveries_event_id").on(table.eventId),
    ...tenantOwned(table.tenantId),
  ],
);

/** One a tenant (null: the system's), and for a day the one before. */
export const alertSigningSecrets = pgTable(
  "alert_signing_secrets",
  {
    id: id(),
    tenantId: owner(),
    sealedSecret: text("sealed_secret").notNull(),
    sealedPrevious: text("sealed_previous"),
    previousUntil: moment("previous_until"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("alert_signing_secrets_tenant").on(table.tenantId).nullsNotDistinct(),
    ...tenantOwned(table.tenantId),
  ],
);
