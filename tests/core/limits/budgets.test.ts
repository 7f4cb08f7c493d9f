/** Budgets: whom they concern, when their periods begin, which thresholds are reached, and that they are never exceeded. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Limit } from "../../../src/core/limits/algorithms/limit.ts";
import type { LimiterState } from "../../../src/core/limits/algorithms/limiter.ts";
import { findCrossings, parseBudgetKey } from "../../../src/core/limits/budget-keys.ts";
import { type Budget, findPeriod, resolveBudgets } from "../../../src/core/limits/budgets.ts";
import { callCost } from "../../../src/core/limits/call-cost.ts";
import { COST_META, declaredCost } from "../../../src/core/limits/declared-cost.ts";
import { LeaseClient } from "../../../src/core/limits/lease/client.ts";
import { LeaseIssuer } from "../../../src/core/limits/lease/issuer.ts";
import type { LimitedPrincipal } from "../../../src/core/limits/resolve-limits.ts";
import { runs } from "../../support/runs.ts";

const ID = "0197f1c2-0000-7000-8000-00000000000";

const budget = (over: Partial<Budget>): Budget => ({
  id: `${ID}1`,
  subjectType: "tenant",
  subjectId: null,
  period: "month",
  amount: 100,
  alertThresholds: [50, 100],
  ...over,
});

const ann: LimitedPrincipal = {
  id: "user:ann",
  role: "user",
  userId: "ann",
  groups: ["g1", "g2"],
  key: { id: "k1", perHour: 1, perDay: 1 },
};
const NOW = new Date("2026-11-27T12:00:00Z");

const resolve = (budgets: readonly Budget[], principal: LimitedPrincipal = ann, timeZone = "UTC") =>
  resolveBudgets({ budgets, timeZone }, principal, NOW);
const subjectsOf = (limits: readonly Limit[]) =>
  limits.map(({ name, key }) => `${name} ${parseBudgetKey(key)?.subject}`);

describe("a period", () => {
  it.each([
    ["day", "UTC", "2026-11-27T00:00:00.000Z", "2026-11-28T00:00:00.000Z"],
    ["month", "UTC", "2026-11-01T00:00:00.000Z", "2026-12-01T00:00:00.000Z"],
    ["day", "Europe/Berlin", "2026-11-26T23:00:00.000Z", "2026-11-27T23:00:00.000Z"],
    ["month", "America/New_York", "2026-11-01T04:00:00.000Z", "2026-12-01T05:00:00.000Z"],
  ] as const)("of a %s in %s begins and ends with the zone's calendar", (period, timeZone, start, end) => {
    expect(findPeriod(period, NOW, timeZone)).toEqual({ start: Date.parse(start), end: Date.parse(end) });
  });

  it("of December ends with the year", () => {
    const { end } = findPeriod("month", new Date("2026-12-31T23:59:59Z"), "UTC");
    expect(new Date(end).toISOString()).toBe("2027-01-01T00:00:00.000Z");
  });
});

describe("the budgets of a caller", () => {
  it("are those of the organization, the user, the key and each of the groups", () => {
    const budgets = (["tenant", "user", "key", "group"] as const).map((subjectType, index) =>
      budget({ id: `${ID}${index}`, subjectType, period: "day" }),
    );
    expect(subjectsOf(resolve(budgets))).toEqual([
      "tenant-budget-day ",
      "user-budget-day ann",
      "key-budget-day k1",
      "group-budget-day g1",
      "group-budget-day g2",
    ]);
    expect(subjectsOf(resolve(budgets, { id: "anonymous", role: "anonymous" }))).toEqual([
      "tenant-budget-day ",
    ]);
  });

  it("have a budget that names the subject in place of the one for each", () => {
    const each = budget({ subjectType: "user", amount: 10 });
    const hers = budget({ id: `${ID}2`, subjectType: "user", subjectId: "ann", amount: 50 });
    expect(resolve([each, hers]).map(({ count }) => count)).toEqual([50]);
    expect(resolve([each, { ...hers, subjectId: "bob" }]).map(({ count }) => count)).toEqual([10]);
    // Another period is another budget.
    expect(resolve([each, { ...hers, period: "day" }]).map(({ count }) => count)).toEqual([10, 50]);
  });

  it("have a key for each period, and end with it", () => {
    const [limit] = resolve([budget({})]);
    expect(parseBudgetKey(limit?.key ?? "")).toEqual({
      budgetId: `${ID}1`,
      subject: "",
      start: Date.parse("2026-11-01T00:00:00Z"),
    });
    expect(limit?.resetsAt).toBe(Date.parse("2026-12-01T00:00:00Z"));
  });
});

describe("thresholds", () => {
  it("are reached exactly, and reported once", () => {
    const [limit] = resolve([budget({ amount: 200 })]);
    if (limit === undefined) throw new Error("no limit");
    const reached = (spent: number, reported: readonly number[] = []) =>
      findCrossings(limit, spent, new Set(reported), 5).map(({ threshold }) => threshold);
    expect(reached(99)).toEqual([]);
    expect(reached(100)).toEqual([50]);
    expect(reached(199, [50])).toEqual([]);
    expect(reached(200, [50])).toEqual([100]);
    expect(reached(200)).toEqual([50, 100]);
  });
});

describe("the cost of a call", () => {
  const declared = new Map([["look", 3]]);

  it("is what an admin has set for the tool, what the tool declares, or the server's", () => {
    const terms = { cost: 7, tools: new Map([["buy", { cost: 0 }]]), declaredCosts: declared };
    expect(["buy", "look", "other"].map((tool) => callCost(terms, tool))).toEqual([0, 3, 7]);
  });

  it("is declared as an integer in _meta or the annotations", () => {
    expect(declaredCost({ [COST_META]: 5 }, { cost: 9 })).toBe(5);
    expect(declaredCost(undefined, { cost: 9 })).toBe(9);
    for (const cost of [-1, 1.5, "3", 1_000_001, null])
      expect(declaredCost({ [COST_META]: cost }, null)).toBeUndefined();
  });
});

/** The object and its isolates, without the network between them. */
function createLedger() {
  const rows = new Map<string, string>();
  const issuer = new LeaseIssuer({
    get: (key): LimiterState | undefined => {
      const row = rows.get(key);
      return row === undefined ? undefined : JSON.parse(row);
    },
    put: (key, state) => void rows.set(key, JSON.stringify(state)),
  });
  const spend = (book: LeaseClient, limits: readonly Limit[], cost: number, now: number): string => {
    for (;;) {
      const known = book.tryAcquire(limits, now, cost);
      if (known.kind !== "request") return known.kind;
      const request = book.buildRequest(limits, now, { cost });
      const result = book.applyResponse(request, issuer.issue(request, now), now);
      if (result.kind !== "request") return result.kind;
    }
  };
  /** Returns what the isolate's ended leases have left. */
  const release = (book: LeaseClient, now: number): void => {
    const request = book.buildRelease(now);
    if (request !== undefined) book.applyResponse(request, issuer.issue(request, now), now);
  };
  return { spend, release };
}

describe("a budget on leases", () => {
  const month = (amount: number): Limit => ({
    ...{
      name: "tenant-budget-month",
      key: `budget:${ID}1:0:`,
      count: amount,
      windowMs: 30 * 86_400_000,
      burst: 1,
    },
    resetsAt: NOW.getTime() + 86_400_000,
  });

  it("lets a cheap call through where a dear one finds too little", () => {
    const { spend } = createLedger();
    const book = new LeaseClient("a");
    const now = NOW.getTime();
    const limits = [month(10)];
    expect([7, 5, 5, 3, 1].map((cost) => spend(book, limits, cost, now))).toEqual([
      ...["admit", "deny", "deny", "admit", "deny"],
    ]);
  });

  it("does not fill again before its period ends, and returns when that is", () => {
    const { spend } = createLedger();
    const book = new LeaseClient("a");
    const limits = [month(2)];
    const now = NOW.getTime();
    expect([spend(book, limits, 2, now), spend(book, limits, 1, now + 20 * 3_600_000)]).toEqual([
      "admit",
      "deny",
    ]);
    const denied = book.tryAcquire(limits, now + 20 * 3_600_000);
    expect(denied).toMatchObject({ kind: "deny", retryMs: 4 * 3_600_000 });
  });

  it("is never exceeded and wastes nothing that a later call could have spent", () => {
    const call = fc.record({
      isolate: fc.nat(2),
      cost: fc.integer({ min: 1, max: 40 }),
      waitMs: fc.nat(400),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.array(call, { maxLength: 100 }), (amount, calls) => {
        const { spend, release } = createLedger();
        const books = ["a", "b", "c"].map((id) => new LeaseClient(id));
        const limits = [month(amount)];
        let now = NOW.getTime();
        let spent = 0;
        for (const { isolate, cost, waitMs } of calls) {
          now += waitMs;
          const book = books[isolate];
          if (book !== undefined && spend(book, limits, cost, now) === "admit") spent += cost;
        }
        expect(spent).toBeLessThanOrEqual(amount);
        // Leases have ended and are returned; what is left can be spent to the last unit.
        for (const book of books) {
          now += 3000;
          for (const each of books) release(each, now);
          for (let left = 0; left < amount && spend(book, limits, 1, now) === "admit"; left += 1) spent += 1;
        }
        expect(spent).toBe(amount);
      }),
      { numRuns: runs(30) },
    );
  });
});
