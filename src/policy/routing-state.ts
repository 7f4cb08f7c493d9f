/** The routing state of an isolate between requests: load, round-robin counters, sticky servers and retry budgets. */

import { BoundedMap } from "../core/bounded-map.ts";
import {
  type BudgetTerms,
  deposit,
  INITIAL_BUDGET,
  type RetryBudget,
  withdraw,
} from "../core/resilience/retry.ts";
import { LoadTracker } from "../core/routing/load.ts";
import type { RoundRobinCounters } from "../core/routing/strategies.ts";

const MAX_ENTRIES = 10_000;

export class RoutingState {
  readonly loads = new LoadTracker();
  readonly #turns = new BoundedMap<string, RoundRobinCounters>(MAX_ENTRIES);
  readonly #sticky = new BoundedMap<string, string>(MAX_ENTRIES);
  readonly #budgets = new BoundedMap<string, RetryBudget>(MAX_ENTRIES);

  roundRobinFor(ruleId: string): RoundRobinCounters {
    return getOrCreate(this.#turns, ruleId, () => new Map());
  }

  stickyServer(ruleId: string, caller: string): string | undefined {
    return this.#sticky.get(`${ruleId} ${caller}`);
  }

  setStickyServer(ruleId: string, caller: string, serverId: string): void {
    this.#sticky.set(`${ruleId} ${caller}`, serverId);
  }

  /** Each request pays for a part of a retry. */
  recordRequest(tenantId: string, terms: BudgetTerms, now: number): void {
    const budget = this.#budgets.get(tenantId) ?? INITIAL_BUDGET;
    this.#budgets.set(tenantId, deposit(budget, terms, now));
  }

  canRetry(tenantId: string, terms: BudgetTerms, now: number): boolean {
    const left = withdraw(this.#budgets.get(tenantId) ?? INITIAL_BUDGET, terms, now);
    if (left !== undefined) this.#budgets.set(tenantId, left);
    return left !== undefined;
  }
}

function getOrCreate<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
