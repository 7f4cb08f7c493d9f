/** Budgets as decisions read them, and the thresholds that they have reached. */
import { and, desc, eq, gt, lt, sql } from "drizzle-orm";
import { DAY_MS } from "../../../core/durations.ts";
import type { BudgetCrossing } from "../../../core/limits/budget-keys.ts";
import type { Db } from "../../client.ts";
import { budgetAlerts, budgets } from "../../schema/budgets.ts";
import type { Queries } from "../shared/queries.ts";

/** System role. Raw SQL, because crossings of deleted budgets must not fail the batch. */
export function saveCrossings(
  db: Db,
  tenantId: string,
  crossings: readonly (BudgetCrossing & { readonly recordId: string })[],
) {
  const rows = sql`jsonb_to_recordset(${JSON.stringify(crossings)}::jsonb)
    as t("recordId" uuid, "budgetId" uuid, subject text, start double precision, "end" double precision,
      threshold int, spent bigint, amount bigint, at double precision)
    join ${budgets} b on b.tenant_id = ${tenantId}::uuid and b.id = t."budgetId"`;
  const time = (column: string) => sql`to_timestamp(t.${sql.identifier(column)} / 1000.0)`;
  return db.batch([
    db.execute(sql`
      insert into budget_alerts (id, tenant_id, budget_id, subject_id, period_start, period_end, threshold, spent,
        amount, crossed_at)
      select t."recordId", ${tenantId}::uuid, t."budgetId", t.subject, ${time("start")}, ${time("end")}, t.threshold,
        t.spent, t.amount, ${time("at")}
      from ${rows}
      on conflict do nothing`),
    db.execute(sql`
      insert into system_events (id, tenant_id, event_type, source, severity, message, details, "timestamp")
      select t."recordId", ${tenantId}::uuid, case when t.threshold >= 100 then 'budget.exhausted' else 'budget.threshold' end,
        'gateway', case when t.threshold >= 100 then 'high' else 'medium' end::severity,
        'Budget ' || b.name || ' reached ' || t.threshold || ' %: ' || t.spent || ' of ' || t.amount || ' spent.',
        jsonb_build_object('budgetId', t."budgetId", 'subjectId', t.subject, 'threshold', t.threshold,
          'spent', t.spent, 'amount', t.amount), ${time("at")}
      from ${rows}
      on conflict do nothing`),
  ]);
}

/** For the usage of the running periods. */
export function listBudgets(db: Queries, tenantId: string, limit: number) {
  return db
    .select({
      id: budgets.id,
      name: budgets.name,
      subjectType: budgets.subjectType,
      subjectId: budgets.subjectId,
      period: budgets.period,
      amount: budgets.amount,
      alertThresholds: budgets.alertThresholds,
      isActive: budgets.isActive,
    })
    .from(budgets)
    .where(eq(budgets.tenantId, tenantId))
    .orderBy(budgets.name, budgets.id)
    .limit(limit);
}

/** The thresholds that were reached in the periods that run. */
export function listCurrentCrossings(db: Queries, tenantId: string, now: Date, limit: number) {
  const { budgetId, subjectId, periodStart, periodEnd, threshold, spent, amount, crossedAt } = budgetAlerts;
  return db
    .select({ budgetId, subjectId, periodStart, periodEnd, threshold, spent, amount, crossedAt })
    .from(budgetAlerts)
    .where(and(eq(budgetAlerts.tenantId, tenantId), gt(periodEnd, now)))
    .orderBy(desc(crossedAt))
    .limit(limit);
}

const KEPT_DAYS = 400;

/** System role (cron): of periods that ended long ago. */
export function deleteOldBudgetAlerts(db: Queries, now: Date) {
  return db
    .delete(budgetAlerts)
    .where(lt(budgetAlerts.periodEnd, new Date(now.getTime() - KEPT_DAYS * DAY_MS)));
}
