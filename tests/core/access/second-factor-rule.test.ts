import { describe, expect, it } from "vitest";
import { parseSecondFactorFrom, secondFactorDuty } from "../../../src/core/access/second-factor-rule.ts";

const from = new Date("2026-03-01T00:00:00Z");
const before = new Date("2026-02-28T23:59:59Z");

describe("two-factor authentication that an organization requires", () => {
  it.each([
    ["not required", undefined, false, before, "none"],
    ["required from later on", from, false, before, "pending"],
    ["required from now on", from, false, from, "missing"],
    ["required, and enabled", from, true, from, "none"],
  ] as const)("%s", (_, requiredFrom, isEnabled, now, duty) => {
    expect(secondFactorDuty({ setting: requiredFrom?.toISOString(), isEnabled }, now)).toBe(duty);
  });

  it("stays required where the stored time cannot be read", () => {
    expect(parseSecondFactorFrom("soon")).toEqual(new Date(0));
    expect(parseSecondFactorFrom(null)).toBeUndefined();
    expect(parseSecondFactorFrom("2026-03-01T00:00:00Z")).toEqual(from);
  });
});
