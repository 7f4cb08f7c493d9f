import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../../src/core/durations.ts";
import { planRotation, selectSigningKey } from "../../../src/core/identity-token/key-rotation.ts";

const NOW = 1_000 * DAY_MS;
/** Keys by their age in days. */
const keys = (...ages: number[]) =>
  ages.map((age) => ({ id: `${age}`, createdAt: new Date(NOW - age * DAY_MS) }));

describe("selectSigningKey", () => {
  it.each([
    [keys(), undefined],
    [keys(0), "0"],
    [keys(0.5, 31), "31"],
    [keys(31, 0.5), "31"],
    [keys(1, 31), "1"],
    [keys(0.2, 0.1), "0.2"],
  ])("selects the newest that has been published for a day (%#)", (known, id) => {
    expect(selectSigningKey(known, NOW)?.id).toBe(id);
  });

  it("selects the same of two keys that are as old", () => {
    const [one, other] = ["a", "b"].map((id) => ({ id, createdAt: new Date(NOW) }));
    if (one === undefined || other === undefined) throw new Error("two keys");
    expect(selectSigningKey([one, other], NOW)).toBe(selectSigningKey([other, one], NOW));
  });
});

describe("planRotation", () => {
  it.each([
    [keys(), false, []],
    [keys(29), false, []],
    [keys(30), true, []],
    [keys(1, 31), false, []],
    [keys(1.9, 31.9), false, []],
    [keys(2, 32), false, ["32"]],
    [keys(0, 30, 60), false, ["60"]],
  ])("keeps a key for a day after its successor signs (%#)", (known, isDue, retired) => {
    expect(planRotation(known, NOW)).toEqual({ isDue, retired });
  });

  it("never leaves the key that signs, or one whose tokens are valid, unpublished", () => {
    let known = keys(0);
    const signed: { id: string; at: number }[] = [];
    for (let at = NOW; at < NOW + 400 * DAY_MS; at += DAY_MS) {
      const { isDue, retired } = planRotation(known, at);
      known = known.filter(({ id }) => !retired.includes(id));
      if (isDue) known = [...known, { id: `at ${at}`, createdAt: new Date(at) }];
      const signing = selectSigningKey(known, at);
      signed.push({ id: signing?.id ?? "", at });
      const recent = signed.filter((one) => at - one.at <= DAY_MS);
      expect(known.map(({ id }) => id)).toEqual(expect.arrayContaining(recent.map(({ id }) => id)));
      expect(known.length).toBeLessThanOrEqual(2);
    }
    expect(new Set(signed.map(({ id }) => id)).size).toBeGreaterThan(12);
  });
});
