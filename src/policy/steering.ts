/** What an isolate remembers between requests to steer the next: load, turns, who is bound to whom, retries left. */

import {
  BUDGET_TERMS,
  deposit,
  INITIAL_BUDGET,
  type RetryBudget,
  withdraw,
} from "../core/resilience/retry.ts";
import { LoadTracker } from "../core/routing/load.ts";
import type { RoundRobinCounters } from "../core/routing/strategies.ts";

const REMEMBERED = 10_000;

export class Steering {
  readonly loads = new LoadTracker();
  readonly #turns = new Map<string, RoundRobinCounters>();
  readonly #bound = new Map<string, string>();
  readonly #budgets = new Map<string, RetryBudget>();

  turnsOf(ruleId: string): RoundRobinCounters {
    return remember(this.#turns, ruleId, () => new Map());
  }

  boundTo(ruleId: string, caller: string): string | undefined {
    return this.#bound.get(`${ruleId} ${caller}`);
  }

  bind(ruleId: string, caller: string, serverId: string): void {
    this.#bound.set(`${ruleId} ${caller}`, serverId);
    trim(this.#bound);
  }

  /** Each request pays for a part of a retry. */
  asked(tenantId: string, now: number): void {
    const budget = this.#budgets.get(tenantId) ?? INITIAL_BUDGET;
    this.#budgets.set(tenantId, deposit(budget, BUDGET_TERMS, now));
    trim(this.#budgets);
  }

  mayRetry(tenantId: string, now: number): boolean {
    const left = withdraw(this.#budgets.get(tenantId) ?? INITIAL_BUDGET, BUDGET_TERMS, now);
    if (left !== undefined) this.#budgets.set(tenantId, left);
    return left !== undefined;
  }
}

function remember<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
    trim(map);
  }
  return value;
}

function trim(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > REMEMBERED && oldest !== undefined) map.delete(oldest);
}
