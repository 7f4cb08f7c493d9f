import { describe, expect, it } from "vitest";
import { type BaselineCase, findRegressions } from "../../../../scripts/bench/gateway/gate.ts";

const measured = (cpuRatio: number, noise = 0.02, connections = 16): BaselineCase => ({
  case: "tools/call, one server",
  connections,
  cpuRatio,
  noise,
});

describe("the gate", () => {
  it("lets pass what is as fast, faster, or slower by less than the noise", () => {
    for (const now of [1.2, 1.5, 1.57]) expect(findRegressions([measured(1.5)], [measured(now)])).toEqual([]);
    expect(findRegressions([measured(1.5)], [measured(1.9, 0.3)])).toEqual([]);
    expect(findRegressions([measured(1.5, 0.3)], [measured(1.9)])).toEqual([]);
  });

  it("finds what is slower by more", () => {
    const [found] = findRegressions([measured(1.5)], [measured(1.6)]);
    expect(found?.limit).toBeCloseTo(1.575);
  });

  it("ignores what the baseline does not have", () => {
    expect(findRegressions([measured(1.5)], [measured(9, 0.02, 64)])).toEqual([]);
  });
});
