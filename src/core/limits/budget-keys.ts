/** The keys by which budgets are leased, and the thresholds that are reached under them. */
import type { Limit } from "./algorithms/limit.ts";

export interface BudgetKey {
  readonly budgetId: string;
  /** Empty for the organization. */
  readonly subject: string;
  readonly start: number;
}

export const BUDGET_KEY_PREFIX = "budget:";

export const formatBudgetKey = ({ budgetId, subject, start }: BudgetKey) =>
  `${BUDGET_KEY_PREFIX}${budgetId}:${start}:${subject}`;

export function parseBudgetKey(key: string): BudgetKey | undefined {
  const [, budgetId, start, subject = ""] = /^budget:([0-9a-f-]{36}):(\d+):(.*)$/.exec(key) ?? [];
  return budgetId === undefined ? undefined : { budgetId, subject, start: Number(start) };
}

/** A threshold of a budget that what was spent has reached. */
export interface BudgetCrossing extends BudgetKey {
  readonly end: number;
  /** In percent. */
  readonly threshold: number;
  readonly spent: number;
  readonly amount: number;
  readonly at: number;
}

/** The thresholds that are reached and have not been reported in this period. */
export function findCrossings(
  limit: Limit,
  spent: number,
  reported: ReadonlySet<number>,
  at: number,
): readonly BudgetCrossing[] {
  const key = parseBudgetKey(limit.key);
  if (key === undefined || limit.resetsAt === undefined) return [];
  const { count: amount, resetsAt: end, alertAt = [] } = limit;
  return alertAt
    .filter((threshold) => spent * 100 >= threshold * amount && !reported.has(threshold))
    .map((threshold) => ({ ...key, end, threshold, spent, amount, at }));
}
