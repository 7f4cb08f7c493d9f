/** What becomes of alerts: what each rule knows of what it watches over, whom it told, and what signs the telling. */
import { sql } from "drizzle-orm";
import { doublePrecision, index, integer, jsonb, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import type { AlertChannel, AlertMessage } from "../../core/alerts/messages.ts";
import type { AlertState, AlertStatus } from "../../core/alerts/state-machine.ts";
import { createdAt, id, moment, tenantOwned, updatedAt } from "./columns.ts";
import { alertEvents, performanceAlerts } from "./operations.ts";
import { ownedOrShared } from "./tenants.ts";

/** Null where the rule is the whole system's; such rows are for those who run it. */
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
