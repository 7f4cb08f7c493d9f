import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type DatabaseSample,
  type QueryTargetUsage,
  recommendForDatabase,
} from "../../../src/core/database/recommendations.ts";

const MIB = 1024 * 1024;

const sample = (more: Partial<DatabaseSample> = {}, minute = 0): DatabaseSample => ({
  at: new Date(1_700_000_000_000 + minute * 60_000),
  active: 2,
  idle: 5,
  idleInTransaction: 0,
  waiting: 0,
  connections: 7,
  maxConnections: 100,
  longestQueryMs: 20,
  longestTransactionMs: 30,
  commits: 1000 + minute * 100,
  rollbacks: 0,
  deadlocks: 0,
  tempBytes: 0,
  blocksHit: 0,
  blocksRead: 0,
  ...more,
});

/** A day in which one sample is different. */
const day = (more: Partial<DatabaseSample>) => [sample({}, 0), sample(more, 1), sample({}, 2)];
const allDay = (more: Partial<DatabaseSample>) => [0, 1, 2].map((minute) => sample(more, minute));

const target = (more: Partial<QueryTargetUsage> = {}): QueryTargetUsage => ({
  name: "main",
  queries: 1000,
  errors: 0,
  avgMs: 5,
  p95Ms: 16,
  ...more,
});

/** An hour in which each minute has so many connections more than the one before it. */
const rising = (perMinute: number) =>
  Array.from({ length: 60 }, (_, minute) => sample({ connections: 30 + perMinute * minute }, minute));
const codes = (...given: Parameters<typeof recommendForDatabase>) =>
  recommendForDatabase(...given).map(({ code, severity }) => `${code} ${severity}`);

describe("advice", () => {
  it.each<[string, readonly DatabaseSample[], string[]]>([
    ["nothing is known", [], []],
    ["all is well", day({}), []],
    ["connections fill up", day({ connections: 75 }), ["connections medium"]],
    ["connections are nearly gone", day({ connections: 95 }), ["connections high"]],
    ["connections rise to their limit within the day", rising(0.05), ["exhaustion medium"]],
    ["connections rise to their limit within hours", rising(0.4), ["exhaustion high"]],
    ["most of many do nothing", allDay({ connections: 40, idle: 38 }), ["idle info"]],
    ["a transaction stays open", day({ longestTransactionMs: 61_000 }), ["transactions medium"]],
    [
      "one stays open for nothing",
      day({ longestTransactionMs: 61_000, idleInTransaction: 1 }),
      ["transactions high"],
    ],
    ["a query runs long", day({ longestQueryMs: 20_000 }), ["queries medium"]],
    ["locks are waited for", day({ waiting: 1 }), ["locks medium"]],
    ["there was a deadlock", [sample({ deadlocks: 3 }), sample({ deadlocks: 4 }, 1)], ["deadlocks medium"]],
    ["deadlocks are of long ago", allDay({ deadlocks: 4 }), []],
    ["the last statistics reset", [sample({ deadlocks: 9 }), sample({ deadlocks: 0 }, 1)], []],
    ["memory is short", [sample(), sample({ blocksHit: 90_000, blocksRead: 20_000 }, 1)], ["cache medium"]],
    ["memory is enough", [sample(), sample({ blocksHit: 990_000, blocksRead: 1000 }, 1)], []],
    ["sorting spills", [sample(), sample({ tempBytes: 2048 * MIB }, 1)], ["temp info"]],
    ["many transactions fail", [sample(), sample({ commits: 2000, rollbacks: 100 }, 1)], ["rollbacks info"]],
  ])("where %s", (_, samples, expected) => expect(codes(samples)).toEqual(expected));

  it.each<[string, Partial<QueryTargetUsage>, string[]]>([
    ["well", {}, []],
    ["refusing", { errors: 50 }, ["errors:main high"]],
    ["refusing one of a few", { queries: 10, errors: 5 }, []],
    ["slow", { p95Ms: 400 }, ["slow:main medium"]],
    ["slower than the histogram measures", { p95Ms: null }, ["slow:main medium"]],
    ["slow at reports", { name: "analytics", p95Ms: 4000 }, []],
  ])("where a database is %s", (_, more, expected) => expect(codes([], [target(more)])).toEqual(expected));

  it("names indexes that only cost", () => {
    const index = (indexName: string, mib: number, usage = "Unused") => ({
      indexName,
      sizeBytes: mib * MIB,
      usage,
    });
    expect(codes([], [], [index("small", 10), index("used", 500, "Active")])).toEqual([]);
    const [found] = recommendForDatabase([], [], [index("small", 10), index("large", 90)]);
    expect(found?.says).toMatch(/100 MiB .* large, small\./);
  });

  it("puts the worst first, and is the same in whatever order the samples come", () => {
    const samples = [
      sample({ connections: 95 }),
      sample({ waiting: 1, deadlocks: 1 }, 1),
      sample({ tempBytes: 2048 * MIB }, 2),
    ];
    const ranks = recommendForDatabase(samples).map(({ severity }) =>
      ["high", "medium", "info"].indexOf(severity),
    );
    expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
    fc.assert(
      fc.property(fc.shuffledSubarray(samples, { minLength: 3 }), (shuffled) => {
        expect(recommendForDatabase(shuffled)).toEqual(recommendForDatabase(samples));
      }),
    );
  });
});
