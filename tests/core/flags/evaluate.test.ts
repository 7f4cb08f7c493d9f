import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROLES } from "../../../src/core/enums.ts";
import { evaluateFlag, type Flag, type FlagSubject } from "../../../src/core/flags/evaluate.ts";

const flag = (more: Partial<Flag> = {}): Flag => ({
  key: "new-thing",
  isEnabled: true,
  rules: [],
  percentage: 0,
  userIds: [],
  ...more,
});
const ann: FlagSubject = { id: "ann", role: "user" };

describe("a flag", () => {
  it.each<[string, Partial<Flag>, object]>([
    [
      "is off for every subject where it is off",
      { isEnabled: false, percentage: 100, userIds: ["ann"] },
      { isOn: false, reason: "off" },
    ],
    [
      "is on for those it names",
      { userIds: ["ann"], rules: [{ isEnabled: false }] },
      { isOn: true, reason: "named" },
    ],
    [
      "evaluates its rules before its percentage",
      { percentage: 100, rules: [{ roles: ["user"], isEnabled: false }] },
      { isOn: false, reason: "rule", rule: 0 },
    ],
    [
      "applies the first rule that matches the subject",
      {
        rules: [
          { roles: ["admin"], isEnabled: false },
          { userIds: ["ann"], isEnabled: true },
          { isEnabled: false },
        ],
      },
      { isOn: true, reason: "rule", rule: 1 },
    ],
    [
      "takes a rule's two conditions together",
      { rules: [{ roles: ["admin"], userIds: ["ann"], isEnabled: true }] },
      { isOn: false, reason: "percentage" },
    ],
    [
      "takes a rule without conditions for every subject",
      { rules: [{ isEnabled: true }] },
      { isOn: true, reason: "rule", rule: 0 },
    ],
    ["is on for all at a hundred per cent", { percentage: 100 }, { isOn: true, reason: "percentage" }],
    ["is on for none at zero", { percentage: 0 }, { isOn: false, reason: "percentage" }],
  ])("%s", (_, more, expected) => {
    expect(evaluateFlag(flag(more), ann)).toEqual(expected);
  });
});

describe("a percentage", () => {
  const key = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
  const subject = fc.record({ id: fc.uuid(), role: fc.constantFrom(...ROLES) });
  const percentage = fc.double({ min: 0, max: 100, noNaN: true });
  const isOn = (of: Flag, who: FlagSubject) => evaluateFlag(of, who).isOn;

  it("always returns the same result", () => {
    fc.assert(
      fc.property(key, subject, percentage, (name, who, share) => {
        const of = flag({ key: name, percentage: share });
        expect(isOn(of, { ...who })).toBe(isOn({ ...of }, who));
      }),
    );
  });

  it("keeps the feature of every subject when it is raised", () => {
    fc.assert(
      fc.property(key, subject, percentage, percentage, (name, who, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        if (isOn(flag({ key: name, percentage: low }), who)) {
          expect(isOn(flag({ key: name, percentage: high }), who)).toBe(true);
        }
      }),
    );
  });

  it("selects about the given share, and others with another flag", () => {
    const people = Array.from(
      { length: 20_000 },
      (_, at): FlagSubject => ({ id: `user-${at}`, role: "user" }),
    );
    const reached = (name: string, share: number) =>
      people.filter((who) => isOn(flag({ key: name, percentage: share }), who));
    for (const share of [1, 10, 50, 90]) {
      expect(Math.abs(reached("a", share).length / people.length - share / 100)).toBeLessThan(0.02);
    }
    const first = new Set(reached("a", 20));
    const both = reached("b", 20).filter((who) => first.has(who)).length / people.length;
    expect(Math.abs(both - 0.04)).toBeLessThan(0.01);
  });
});
