/**
 * What was spent of a tenant's budgets, and the thresholds that they have reached, kept until an isolate has written them
 * to the database. Loaded by the first request that concerns a budget.
 */
import type { Limit } from "../core/limits/algorithms/limit.ts";
import {
  countSpent,
  EMPTY_LIMITER,
  PERIOD_TERMS,
  toLimiterTerms,
} from "../core/limits/algorithms/limiter.ts";
import {
  BUDGET_KEY_PREFIX,
  type BudgetCrossing,
  type BudgetKey,
  findCrossings,
  parseBudgetKey,
} from "../core/limits/budget-keys.ts";
import type { LeaseRequest } from "../core/limits/lease/protocol.ts";
import type { SqlLimiterStore } from "./limiter-store.ts";

export interface NumberedCrossing extends BudgetCrossing {
  readonly id: number;
  /** Of the rows that are written for it: written twice, they are there once. */
  readonly recordId: string;
}

export interface BudgetUsage extends BudgetKey {
  readonly spent: number;
}

export class TenantBudgets {
  readonly #sql: SqlStorage;
  readonly #limiters: SqlLimiterStore;

  constructor(sql: SqlStorage, limiters: SqlLimiterStore) {
    this.#sql = sql;
    this.#limiters = limiters;
  }

  /** What was spent of each budget in its running period, without what is on lease. */
  listUsage(now: number): BudgetUsage[] {
    return this.#limiters.listByPrefix(BUDGET_KEY_PREFIX, now).flatMap(([name, state]) => {
      const key = parseBudgetKey(name);
      return key === undefined
        ? []
        : [{ ...key, spent: countSpent(state, { ...PERIOD_TERMS, count: 0 }, now) }];
    });
  }

  /** After tokens were leased or returned. */
  observe({ claims, settled }: LeaseRequest, now: number): void {
    const limits = [...claims, ...settled].map(({ limit }) => limit).filter(isBudget);
    for (const [key, limit] of new Map(limits.map((each) => [each.key, each]))) {
      const spent = countSpent(this.#limiters.get(key) ?? EMPTY_LIMITER, toLimiterTerms(limit), now);
      const crossings = findCrossings(limit, spent, this.#listThresholds(key), now);
      for (const crossing of crossings) this.#add(key, crossing);
    }
  }

  hasUnwritten(): boolean {
    const query = "select 1 from budget_crossings where is_written = 0 limit 1";
    return this.#sql.exec(query).next().done !== true;
  }

  listUnwritten(): NumberedCrossing[] {
    const rows = this.#sql.exec<{ id: number; crossing: string }>(
      "select id, crossing from budget_crossings where is_written = 0 order by id limit 100",
    );
    return Array.from(rows, ({ id, crossing }) => ({ id, ...JSON.parse(crossing) }));
  }

  markWritten(upTo: number): void {
    this.#sql.exec("update budget_crossings set is_written = 1 where id <= ?", upTo);
  }

  deleteExpired(now: number): void {
    this.#sql.exec("delete from budget_crossings where ends_at < ? and is_written = 1", now);
  }

  #listThresholds(key: string): ReadonlySet<number> {
    const rows = this.#sql.exec<{ threshold: number }>(
      "select threshold from budget_crossings where key = ?",
      key,
    );
    return new Set(Array.from(rows, ({ threshold }) => threshold));
  }

  #add(key: string, crossing: BudgetCrossing): void {
    this.#sql.exec(
      "insert into budget_crossings (key, threshold, ends_at, crossing) values (?, ?, ?, ?)",
      ...[
        key,
        crossing.threshold,
        crossing.end,
        JSON.stringify({ ...crossing, recordId: crypto.randomUUID() }),
      ],
    );
  }
}

const isBudget = ({ alertAt }: Limit) => alertAt !== undefined;
