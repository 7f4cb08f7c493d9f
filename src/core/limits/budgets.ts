/**
 * Budgets: how much the calls of a subject may cost in a calendar day or month of the organization's time zone. They are
 * limits whose tokens are units of cost, leased like all others; each period has a key of its own, so nothing carries
 * over. A budget that names a subject replaces the one for each subject of its kind.
 */
import type { BUDGET_PERIODS, BUDGET_SUBJECTS } from "../enums.ts";
import { startOfDay, startOfMonth } from "../time-zone.ts";
import type { Limit } from "./algorithms/limit.ts";
import { formatBudgetKey } from "./budget-keys.ts";
import { type LimitedPrincipal, listLimitedSubjects } from "./resolve-limits.ts";

export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];
export type BudgetSubject = (typeof BUDGET_SUBJECTS)[number];

export interface Budget {
  readonly id: string;
  readonly subjectType: BudgetSubject;
  /** A user, key or group; null: each of the kind, or the organization. */
  readonly subjectId: string | null;
  readonly period: BudgetPeriod;
  readonly amount: number;
  /** Percentages of the amount. */
  readonly alertThresholds: readonly number[];
}

export interface BudgetTerms {
  readonly budgets: readonly Budget[];
  readonly timeZone: string;
}

export interface CalendarPeriod {
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export function findPeriod(period: BudgetPeriod, now: Date, timeZone: string): CalendarPeriod {
  const startOf = period === "day" ? startOfDay : startOfMonth;
  return {
    start: startOf(now, timeZone).getTime(),
    end: startOf(now, timeZone, -1).getTime(),
  };
}

/** The limits of all budgets that a call of the principal takes from. */
export function resolveBudgets(
  { budgets, timeZone }: BudgetTerms,
  principal: LimitedPrincipal,
  now: Date,
): readonly Limit[] {
  const isNamed = ({ subjectType, period }: Budget, subject: string) =>
    budgets.some(
      (other) => other.subjectType === subjectType && other.period === period && other.subjectId === subject,
    );
  return budgets.flatMap((budget) => {
    const { subjectType, subjectId, period } = budget;
    const subjects = listLimitedSubjects(subjectType, principal).filter((subject) =>
      subjectId === null ? !isNamed(budget, subject) : subjectId === subject,
    );
    if (subjects.length === 0) return [];
    const { start, end } = findPeriod(period, now, timeZone);
    return subjects.map((subject) => ({
      name: `${subjectType}-budget-${period}`,
      key: formatBudgetKey({ budgetId: budget.id, subject, start }),
      count: budget.amount,
      windowMs: end - start,
      burst: 1,
      resetsAt: end,
      alertAt: budget.alertThresholds,
    }));
  });
}
