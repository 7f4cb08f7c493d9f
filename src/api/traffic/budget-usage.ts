/** What was spent of budgets in the periods that run, according to the tenant's Durable Object. */
import { Hono } from "hono";
import { z } from "zod";
import { BUDGET_PERIODS, BUDGET_SUBJECTS } from "../../core/enums.ts";
import { findPeriod } from "../../core/limits/budgets.ts";
import { loadSnapshotTenant } from "../../db/queries/tenants/snapshot.ts";
import { listBudgets, listCurrentCrossings } from "../../db/queries/traffic/budgets.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { respondsPage } from "../http/responses.ts";

const usage = z.object({
  budgetId: z.uuid(),
  name: z.string(),
  subjectType: z.enum(BUDGET_SUBJECTS),
  subjectId: z.string().nullable().describe("The user, key or group whose calls were charged."),
  period: z.enum(BUDGET_PERIODS),
  periodStart: z.iso.datetime(),
  periodEnd: z.iso.datetime(),
  amount: z.number().int(),
  spent: z.number().int(),
  isActive: z.boolean(),
  reached: z
    .array(z.number().int())
    .describe("Alert thresholds, in percent, that were reached in the period."),
});

const MAX_BUDGETS = 1000;
const MAX_CROSSINGS = 5000;

export const budgetUsage = new Hono<AppEnv>().get(
  "/usage",
  requirePermission("budgets.list"),
  respondsPage(usage, "Cost of the calls in the current periods, by usage."),
  async (c) => {
    const { db, principal, services } = c.var;
    const { tenantId } = principal;
    const now = new Date();
    const [spending, [budgets, crossings, [tenant]]] = await Promise.all([
      services.tenantObject(tenantId).getBudgetUsage(),
      db.batch([
        listBudgets(db, tenantId, MAX_BUDGETS),
        listCurrentCrossings(db, tenantId, now, MAX_CROSSINGS),
        loadSnapshotTenant(db, tenantId),
      ]),
    ]);
    const timeZone = tenant?.timeZone ?? "UTC";
    const items = budgets.flatMap(({ id: budgetId, alertThresholds: _, ...budget }) => {
      const { start, end } = findPeriod(budget.period, now, timeZone);
      const found = spending.filter((each) => each.budgetId === budgetId && each.start === start);
      const ofSubject = (subject: string, spent: number) => ({
        ...{ budgetId, ...budget, subjectId: subject === "" ? null : subject, spent },
        periodStart: new Date(start).toISOString(),
        periodEnd: new Date(end).toISOString(),
        reached: crossings
          .filter((each) => each.budgetId === budgetId && each.subjectId === subject)
          .filter(({ periodStart }) => periodStart.getTime() === start)
          .map(({ threshold }) => threshold)
          .toSorted((one, other) => one - other),
      });
      if (found.length === 0) return [ofSubject(budget.subjectId ?? "", 0)];
      return found.map(({ subject, spent }) => ofSubject(subject, spent));
    });
    const share = ({ spent, amount }: { spent: number; amount: number }) => spent / Math.max(1, amount);
    items.sort((one, other) => share(other) - share(one));
    return c.json({ items, nextCursor: null });
  },
);
