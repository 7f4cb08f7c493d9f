import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Attempt,
  BUDGET_TERMS,
  backoffMs,
  deposit,
  INITIAL_BUDGET,
  isSafeToRetry,
  type RetryBudget,
  type RetryTerms,
  withdraw,
} from "../../../src/core/resilience/retry.ts";

const RETRY_TERMS: RetryTerms = { attempts: 3, firstMs: 50, longestMs: 2000 };

const attempt = (method: string, over: Partial<Attempt> = {}): Attempt => ({
  method,
  neverSent: false,
  answered: false,
  ...over,
});

describe("a request may be sent once more", () => {
  it.each<[string, Attempt, boolean]>([
    ["a list", attempt("tools/list"), true],
    ["a resource that is read", attempt("resources/read"), true],
    ["a tool of which nothing is known", attempt("tools/call"), false],
    ["a tool that only reads", attempt("tools/call", { tool: { readOnlyHint: true } }), true],
    ["a tool that may be called twice", attempt("tools/call", { tool: { idempotentHint: true } }), true],
    ["a tool that may not", attempt("tools/call", { tool: { idempotentHint: false } }), false],
    ["a tool's call that was never sent", attempt("tools/call", { neverSent: true }), true],
    ["a list that was answered in part", attempt("tools/list", { answered: true }), false],
    ["an unknown method", attempt("tasks/start"), false],
  ])("%s: %s", (_, given, expected) => {
    expect(isSafeToRetry(given)).toBe(expected);
  });
});

it("waits longer each time, and never the same", () => {
  expect([1, 2, 3, 10].map((retry) => backoffMs(retry, RETRY_TERMS, () => 1))).toEqual([50, 100, 200, 2000]);
  expect(backoffMs(3, RETRY_TERMS, () => 0.25)).toBe(50);
});

describe("the budget", () => {
  /** So many requests at that pace, each of which would be retried: how many are. */
  function retries(requests: number, everyMs: number): number {
    let budget: RetryBudget = INITIAL_BUDGET;
    let done = 0;
    for (let at = 0; at < requests; at += 1) {
      budget = deposit(budget, BUDGET_TERMS, at * everyMs);
      const next = withdraw(budget, BUDGET_TERMS, at * everyMs);
      if (next === undefined) continue;
      budget = next;
      done += 1;
    }
    return done;
  }

  it("lets a tenth of the traffic be retried when everything fails, and a little for free", () => {
    const done = retries(10_000, 10);
    expect(done).toBeGreaterThan(900);
    expect(done).toBeLessThan(1000 + 0.5 * 100 + 10);
  });

  it("allows retries of tenants with little traffic", () => {
    expect(retries(20, 5000)).toBe(20);
  });

  it("never goes below nothing, nor above the most", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20_000))), (acts) => {
        let budget: RetryBudget = INITIAL_BUDGET;
        let now = 0;
        for (const [pays, ms] of acts) {
          now += ms;
          budget = pays
            ? deposit(budget, BUDGET_TERMS, now)
            : (withdraw(budget, BUDGET_TERMS, now) ?? budget);
          expect(budget.tokens).toBeGreaterThanOrEqual(-1e-6);
          expect(budget.tokens).toBeLessThanOrEqual(BUDGET_TERMS.most);
        }
      }),
    );
  });
});
