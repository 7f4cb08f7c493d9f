import { describe, expect, it } from "vitest";
import { addViolations, BanList, type ViolationHistory } from "../../../src/core/limits/bans.ts";
import { compileIpRules, type IpRule } from "../../../src/core/limits/ip-rules.ts";
import type { BanTerms } from "../../../src/core/limits/lease/sync-messages.ts";

const terms: BanTerms = {
  violations: 3,
  windowMs: 60_000,
  firstMs: 60_000,
  longestMs: 200_000,
  growth: 2,
  forgetMs: 1_000_000,
};

/** [at, count] each; when bans began and ended. */
function bansOf(...reports: [at: number, count: number][]): [from: number, until: number][] {
  let conduct: ViolationHistory | undefined;
  return reports.flatMap(([at, count]) => {
    const next = addViolations(conduct, count, terms, at);
    conduct = next.conduct;
    return next.banned ? [[at, conduct.bannedUntil]] : [];
  });
}

describe("a client that goes on after being refused", () => {
  it.each<[string, [number, number][], [number, number][]]>([
    [
      "not often enough",
      [
        [0, 1],
        [10, 1],
      ],
      [],
    ],
    [
      "often enough",
      [
        [0, 1],
        [10, 1],
        [20, 1],
      ],
      [[20, 60_020]],
    ],
    ["all at once", [[0, 50]], [[0, 60_000]]],
    [
      "too slowly",
      [
        [0, 2],
        [60_000, 2],
      ],
      [],
    ],
    [
      "while banned: counts for nothing",
      [
        [0, 3],
        [100, 50],
        [60_000, 2],
      ],
      [[0, 60_000]],
    ],
    [
      "again: twice as long, up to the longest",
      [
        [0, 3],
        [60_000, 3],
        [180_000, 3],
        [400_000, 3],
      ],
      [
        [0, 60_000],
        [60_000, 180_000],
        [180_000, 380_000],
        [400_000, 600_000],
      ],
    ],
    [
      "again after a long quiet time: as if new",
      [
        [0, 3],
        [1_060_000, 3],
      ],
      [
        [0, 60_000],
        [1_060_000, 1_120_000],
      ],
    ],
  ])("%s", (_, reports, expected) => {
    expect(bansOf(...reports)).toEqual(expected);
  });
});

it("a ban ends by itself", () => {
  const list = new BanList();
  list.replaceAll([{ place: "192.0.2.1", forMs: 1000 }], 5000);
  expect(list.remainingMs("192.0.2.1", 5500)).toBe(500);
  expect(list.remainingMs("192.0.2.2", 5500)).toBeUndefined();
  expect(list.remainingMs("192.0.2.1", 6000)).toBeUndefined();
});

it("a ban that is no longer reported is lifted", () => {
  const list = new BanList();
  list.replaceAll([{ place: "192.0.2.1", forMs: 1000 }], 0);
  list.replaceAll([{ place: "192.0.2.2", forMs: 1000 }], 1);
  expect([list.remainingMs("192.0.2.1", 2), list.remainingMs("192.0.2.2", 2)]).toEqual([undefined, 999]);
});

const NOW = new Date("2026-03-13T12:00:00Z");
const rule = (text: string, over: Partial<IpRule> = {}): IpRule => {
  const [kind, cidr = ""] = text.split(" ");
  return {
    kind: kind === "allow" ? "allow" : "block",
    cidr,
    reason: null,
    expiresAt: null,
    ...over,
  };
};

describe("lists of addresses", () => {
  it.each<[string, IpRule[], string, boolean]>([
    ["it is not reported", [], "192.0.2.1", false],
    ["blocked", [rule("block 192.0.2.0/24")], "192.0.2.1", true],
    ["blocked, another", [rule("block 192.0.2.0/24")], "192.0.3.1", false],
    [
      "one of a blocked network is allowed",
      [rule("block 10.0.0.0/8"), rule("allow 10.1.2.3/32")],
      "10.1.2.3",
      false,
    ],
    [
      "one of an allowed network is blocked",
      [rule("allow 10.0.0.0/8"), rule("block 10.1.2.3/32")],
      "10.1.2.3",
      true,
    ],
    ["both for the same network", [rule("block 10.0.0.0/8"), rule("allow 10.0.0.0/8")], "10.1.2.3", false],
    ["IPv6", [rule("block 2001:db8::/32")], "2001:db8:1::9", true],
    ["IPv4 in the clothes of IPv6", [rule("block 192.0.2.0/24")], "::ffff:192.0.2.1", true],
    ["IPv4 is no IPv6", [rule("block ::/0")], "192.0.2.1", false],
    ["a prefix within a byte", [rule("block 192.0.2.128/25")], "192.0.2.127", false],
    ["everybody", [rule("block 0.0.0.0/0")], "192.0.2.1", true],
    ["over", [rule("block 192.0.2.0/24", { expiresAt: NOW })], "192.0.2.1", false],
    ["not over", [rule("block 192.0.2.0/24", { expiresAt: new Date(NOW.getTime() + 1) })], "192.0.2.1", true],
    ["no address", [rule("block 0.0.0.0/0")], "unknown", false],
  ])("%s", (_, rules, address, blocked) => {
    const lists = compileIpRules(rules);
    expect(lists(address, NOW).blocked).toBe(blocked);
    expect(lists(address, NOW).blocked).toBe(blocked);
  });

  it("find one of many at once", () => {
    const rules = Array.from({ length: 20_000 }, (_, at) => rule(`block 10.${at >> 8}.${at & 255}.0/24`));
    const lists = compileIpRules(rules);
    expect(lists("10.7.9.1", NOW).rule?.cidr).toBe("10.7.9.0/24");
    expect(lists("10.200.9.1", NOW).blocked).toBe(false);
  });
});
