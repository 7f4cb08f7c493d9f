import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccessPrincipal } from "../../../src/core/access/access-principal.ts";
import { authorizeTarget } from "../../../src/core/access/authorize.ts";
import { listActiveGroups, nextGroupExpiry, parseGroups } from "../../../src/core/access/groups.ts";
import { type AccessRule, activeRules, compileRules } from "../../../src/core/access/rules.ts";

const NOW = new Date("2026-03-13T12:00:00Z");
const SOON = "2026-03-13T12:00:01.000Z";

const principal = (groups: AccessPrincipal["groups"]): AccessPrincipal => ({
  role: "user",
  scopes: ["proxy"],
  userId: "ann",
  keyId: undefined,
  groups,
});

const rule = (effect: AccessRule["effect"], groupId: string): AccessRule => ({
  id: `${effect} ${groupId}`,
  subjectType: "group",
  subjectId: groupId,
  objectType: "tool",
  serverId: null,
  objectPattern: "write_*",
  effect,
  validFrom: null,
  validUntil: null,
  daysOfWeek: null,
  startTime: null,
  endTime: null,
});

const target = { kind: "tool", serverId: "s1", serverName: "files", name: "write_file" } as const;

function isAllowed(groups: AccessPrincipal["groups"], rules: readonly AccessRule[], now: Date): boolean {
  const compiled = compileRules(rules, { accessDefault: "allow", timeZone: "UTC" });
  return authorizeTarget("user", target, activeRules(compiled, principal(groups), now)).allowed;
}

describe("the groups of a principal", () => {
  it("are undefined where there are none, so that nothing is computed", () => {
    expect([parseGroups(null), parseGroups([]), parseGroups(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(listActiveGroups(undefined, 0)).toEqual([]);
    expect(nextGroupExpiry(undefined, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("count until the very millisecond of their expiry", () => {
    const groups = parseGroups([
      { id: "a", expiresAt: null },
      { id: "b", expiresAt: SOON },
    ]);
    expect(listActiveGroups(groups, Date.parse(SOON) - 1)).toEqual(["a", "b"]);
    expect(listActiveGroups(groups, Date.parse(SOON))).toEqual(["a"]);
    expect(nextGroupExpiry(groups, NOW.getTime())).toBe(Date.parse(SOON));
    expect(nextGroupExpiry(groups, Date.parse(SOON))).toBe(Number.POSITIVE_INFINITY);
  });

  it("never count for longer than any of them lasts, and a decision is kept no longer", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 6 }), (ends) => {
        const groups = ends.map((end, index) => ({ id: `g${index}`, until: end }));
        const next = nextGroupExpiry(groups, 0);
        const active = listActiveGroups(groups, 0);
        expect(listActiveGroups(groups, Math.min(next, 100) - 1)).toEqual(active);
        if (next < 100) expect(listActiveGroups(groups, next).length).toBeLessThan(active.length);
      }),
    );
  });
});

describe("an access rule for a group", () => {
  const groups = parseGroups([{ id: "a", expiresAt: SOON }]);

  it("applies to its members, and to no one else", () => {
    expect(isAllowed(groups, [rule("deny", "a")], NOW)).toBe(false);
    expect(isAllowed(groups, [rule("deny", "b")], NOW)).toBe(true);
    expect(isAllowed(undefined, [rule("deny", "a")], NOW)).toBe(true);
  });

  it("applies until the membership expires, which ends what was decided", () => {
    const compiled = compileRules([rule("deny", "a")], { accessDefault: "allow", timeZone: "UTC" });
    expect(activeRules(compiled, principal(groups), NOW).until).toBe(Date.parse(SOON));
    expect(isAllowed(groups, [rule("deny", "a")], new Date(SOON))).toBe(true);
  });

  it("that denies comes before one of another group that allows", () => {
    const both = parseGroups([
      { id: "a", expiresAt: null },
      { id: "b", expiresAt: null },
    ]);
    expect(isAllowed(both, [rule("allow", "a"), rule("deny", "b")], NOW)).toBe(false);
  });
});
