/** Budgets of cost and the thresholds that were reached; what was spent is in the tenant's Durable Object. */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  text,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import { createdAt, id, lengthBetween, moment, tenantOwned, updatedAt, within } from "./columns.ts";
import { budgetPeriod, budgetSubject } from "./enums.ts";
import { byUser } from "./identity.ts";
import { ownedBy } from "./tenants.ts";

export const budgets = pgTable(
  "budgets",
  {
    id: id(),
    tenantId: ownedBy(),
    name: text("name").notNull(),
    subjectType: budgetSubject("subject_type").notNull(),
    /** A user, key or group; null: each of the kind, or the organization. */
    subjectId: text("subject_id"),
    /** A calendar day or month of the organization's time zone. */
    period: budgetPeriod("period").notNull(),
    amount: bigint("amount", { mode: "number" }).notNull(),
    /** Percentages of the amount. */
    alertThresholds: integer("alert_thresholds").array().notNull().default(sql`'{50,80,100}'::integer[]`),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("budgets_subject")
      .on(table.tenantId, table.subjectType, table.subjectId, table.period)
      .nullsNotDistinct(),
    // What a row of the budget's own tenant refers to it by.
    unique("budgets_tenant_id_id").on(table.tenantId, table.id),
    lengthBetween("budgets_name_length", table.name, 1, 200),
    within("budgets_amount_range", table.amount, 0, 1_000_000_000_000),
    check("budgets_tenant_subject", sql`${table.subjectType} <> 'tenant' or ${table.subjectId} is null`),
    ...tenantOwned(table.tenantId),
  ],
);

/** One row for each threshold that is reached in a period. */
export const budgetAlerts = pgTable(
  "budget_alerts",
  {
    id: id(),
    tenantId: ownedBy(),
    budgetId: uuid("budget_id").notNull(),
    /** Empty for the organization. */
    subjectId: text("subject_id").notNull(),
    periodStart: moment("period_start").notNull(),
    periodEnd: moment("period_end").notNull(),
    threshold: integer("threshold").notNull(),
    spent: bigint("spent", { mode: "number" }).notNull(),
    amount: bigint("amount", { mode: "number" }).notNull(),
    crossedAt: moment("crossed_at").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    foreignKey({
      name: "budget_alerts_budget",
      columns: [table.tenantId, table.budgetId],
      foreignColumns: [budgets.tenantId, budgets.id],
    }).onDelete("cascade"),
    unique("budget_alerts_threshold").on(table.budgetId, table.subjectId, table.periodStart, table.threshold),
    index("budget_alerts_tenant_end").on(table.tenantId, table.periodEnd),
    ...tenantOwned(table.tenantId),
  ],
);
