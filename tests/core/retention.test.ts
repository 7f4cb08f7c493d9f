/** What retention is to take away, and that it takes no more and no less, whatever the policies are. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  planRetention,
  type RetentionPolicy,
  type RetentionStep,
  stepKey,
  stepStart,
} from "../../src/core/retention.ts";

const NOW = new Date("2026-11-21T13:00:00Z");
const DAY = 86_400_000;
const before = (days: number) => new Date(NOW.getTime() - days * DAY);

const policy = (
  tenantId: string | null,
  retentionDays: number,
  more: Partial<RetentionPolicy> = {},
): RetentionPolicy => ({
  ...{ tenantId, retentionDays, tableName: "request_logs", legalHold: false, isActive: true },
  ...more,
});
const held = { legalHold: true };

describe("a plan", () => {
  it.each<[string, RetentionPolicy[], RetentionStep[]]>([
    ["of no tenant is nothing", [], []],
    [
      "of what is disabled neither",
      [policy(null, 30, { isActive: false }), policy("a", 9, { isActive: false })],
      [],
    ],
    [
      "of the system's drops partitions, and empties those that stay",
      [policy(null, 30)],
      [
        { kind: "drop", table: "request_logs", before: before(30), keepers: [] },
        { kind: "delete", table: "request_logs", before: new Date("2026-10-19T00:00:00Z"), except: [] },
      ],
    ],
    [
      "of a table without partitions deletes to the day",
      [policy(null, 30, { tableName: "error_logs" })],
      [{ kind: "delete", table: "error_logs", before: before(30), except: [] }],
    ],
    [
      "of a tenant's own deletes its rows",
      [policy("a", 9)],
      [{ kind: "delete", table: "request_logs", before: before(9), tenantId: "a" }],
    ],
    [
      "keeps a partition for tenants with a longer policy or a legal hold",
      [policy(null, 30), policy("longer", 60), policy("shorter", 9), policy("held", 1, held)],
      [
        {
          ...{ kind: "drop", table: "request_logs", before: before(30) },
          keepers: [
            { tenantId: "longer", before: before(60) },
            { tenantId: "held", before: null },
          ],
        },
        { kind: "delete", table: "request_logs", before: before(60), tenantId: "longer" },
        { kind: "delete", table: "request_logs", before: before(9), tenantId: "shorter" },
        {
          ...{ kind: "delete", table: "request_logs", before: new Date("2026-10-19T00:00:00Z") },
          except: ["longer", "shorter", "held"],
        },
      ],
    ],
    ["under the system's hold is nothing, for tenants neither", [policy(null, 30, held), policy("a", 9)], []],
    [
      "of a hold whose policy is disabled is still a hold",
      [policy("a", 9, { ...held, isActive: false })],
      [],
    ],
  ])("%s", (_, policies, steps) => {
    expect(planRetention(policies, NOW)).toEqual(steps);
  });

  it("has no two steps of the same name", () => {
    const steps = planRetention(
      [policy(null, 30), policy("a", 9), policy(null, 9, { tableName: "error_logs" })],
      NOW,
    );
    expect(new Set(steps.map(stepKey)).size).toBe(steps.length);
  });

  it("deletes what its owner's policy selects, and nothing else", () => {
    const owners = fc.constantFrom<string | null>("a", "b", "c", null);
    const some = fc.record({
      tenantId: owners,
      tableName: fc.constantFrom("request_logs" as const, "error_logs" as const),
      retentionDays: fc.integer({ min: 1, max: 60 }),
      legalHold: fc.boolean(),
      isActive: fc.boolean(),
    });
    const policies = fc.uniqueArray(some, {
      selector: ({ tenantId, tableName }) => `${tenantId} ${tableName}`,
      maxLength: 6,
    });
    const rows = fc.array(fc.record({ tenantId: owners, age: fc.double({ min: 0, max: 90, noNaN: true }) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(
        policies,
        rows,
        fc.constantFrom("request_logs" as const, "error_logs" as const),
        (all, given, table) => {
          const mine = all.filter(({ tableName }) => tableName === table);
          const of = (owner: string | null) => mine.find(({ tenantId }) => tenantId === owner);
          const steps = planRetention(all, NOW).filter((step) => step.table === table);
          const things = given.map(({ tenantId, age }) => ({
            tenantId,
            at: new Date(NOW.getTime() - age * DAY),
          }));
          for (const thing of things) {
            const own = of(thing.tenantId);
            const counts = own?.isActive === true || own?.legalHold === true ? own : of(null);
            const isHeld = of(null)?.legalHold === true || own?.legalHold === true;
            const limit = counts?.isActive === true && !isHeld ? before(counts.retentionDays) : undefined;
            const isGone = steps.some((step) => takes(step, thing));
            if (limit === undefined || thing.at >= limit) expect(isGone).toBe(false);
            // Where the system's policy counts, a partition that is old in part goes later, as a whole.
            else if (table === "error_logs" || counts?.tenantId !== null) expect(isGone).toBe(true);
            else expect(isGone).toBe(thing.at < stepStart("week", limit));
          }
        },
      ),
    );
  });
});

interface Thing {
  readonly tenantId: string | null;
  readonly at: Date;
}

/** As the functions of the database do it. */
function takes(step: RetentionStep, { tenantId, at }: Thing): boolean {
  if (step.kind === "delete") {
    const isMeant =
      "tenantId" in step ? step.tenantId === tenantId : tenantId === null || !step.except.includes(tenantId);
    return isMeant && at < step.before;
  }
  const isKept = step.keepers.some(
    (keeper) => keeper.tenantId === tenantId && (keeper.before === null || at >= keeper.before),
  );
  return stepStart("week", at).getTime() + 7 * DAY <= step.before.getTime() && !isKept;
}

describe("the start of a step", () => {
  it.each([
    ["week", "2026-11-21T13:00:00Z", "2026-11-16T00:00:00Z"],
    ["week", "2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z"],
    ["week", "2026-11-15T23:59:59Z", "2026-11-09T00:00:00Z"],
    ["month", "2026-11-21T13:00:00Z", "2026-11-01T00:00:00Z"],
  ] as const)("of a %s at %s", (step, at, expected) => {
    expect(stepStart(step, new Date(at))).toEqual(new Date(expected));
  });
});
