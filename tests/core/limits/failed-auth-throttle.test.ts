import { describe, expect, it } from "vitest";
import { clientPrefix, FailedAuthThrottle } from "../../../src/core/limits/failed-auth-throttle.ts";

const limits = { free: 3, windowMs: 60_000 };

describe("guesses from one place", () => {
  it("have to wait once there are too many, and are reported once a window", () => {
    const guesses = new FailedAuthThrottle(limits);
    expect(["a", "b", "c", "d"].map((proof, at) => guesses.recordFailure("ip", proof, at))).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(guesses.waitMs("ip", 3)).toBe(59_997);
    expect(guesses.waitMs("other", 3)).toBeUndefined();
    expect(guesses.waitMs("ip", 60_000)).toBeUndefined();
    expect(guesses.recordFailure("ip", "e", 60_000)).toBe(false);
  });

  it("count once, however often the same is tried", () => {
    const guesses = new FailedAuthThrottle(limits);
    for (let time = 0; time < 100; time += 1)
      expect(guesses.recordFailure("ip", "stale key", time)).toBe(false);
    expect(guesses.waitMs("ip", 100)).toBeUndefined();
  });
});

describe("a place", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:1::9", "2001:db8:1:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["", ""],
  ])("of %j is %j", (address, place) => {
    expect(clientPrefix(address)).toBe(place);
  });
});
