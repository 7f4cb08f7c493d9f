import { describe, expect, it } from "vitest";
import { checkKeyBounds, type KeyBounds } from "../../../src/core/access/key-bounds.ts";
import { ROLE_SCOPES } from "../../../src/core/access/permissions.ts";
import type { Role } from "../../../src/core/enums.ts";
import { isNetworkInside, validateNetwork } from "../../../src/core/net/cidr.ts";

const bound: KeyBounds = {
  scopes: ["read", "write"],
  connectServer: null,
  rateLimitPerHour: 10,
  rateLimitPerDay: 100,
  ipAllowlist: ["10.0.0.0/8"],
  expiresAt: new Date("2027-01-01"),
};
const paths = (wanted: Partial<KeyBounds>, terms: KeyBounds | undefined = bound) =>
  checkKeyBounds(wanted, "user", { role: "user", scopes: ["write"], terms }).map(({ path }) => path);

describe("terms of a key beyond those of its creator", () => {
  it("are none when the terms are the same", () => {
    expect(paths(bound)).toEqual([]);
    expect(paths({})).toEqual([]);
  });

  it("is named, all of it", () => {
    expect(
      paths({
        scopes: ["read", "proxy", "admin"],
        rateLimitPerHour: 11,
        rateLimitPerDay: 101,
        ipAllowlist: [],
        expiresAt: null,
      }),
    ).toEqual([
      "/scopes/1",
      "/scopes/2",
      "/rateLimitPerHour",
      "/rateLimitPerDay",
      "/expiresAt",
      "/ipAllowlist",
    ]);
  });

  it("is only scopes for a person at the screen", () => {
    const person = { role: "user", scopes: ["read"], terms: undefined } as const;
    expect(
      checkKeyBounds({ scopes: ["read", "write"], expiresAt: null }, "user", person).map(({ path }) => path),
    ).toEqual(["/scopes/1"]);
  });
});

describe("networks", () => {
  it.each(["192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::1", "2001:db8::1/128"])(
    "%s is one",
    (text) => {
      expect(validateNetwork(text)).toBeUndefined();
    },
  );
  it.each([
    "192.0.2.1/24",
    "2001:db8::1/32",
    "300.0.0.1",
    "10.0.0.0/33",
    "here",
    "",
    "::ffff:10.0.0.1",
    "10.0.0.0/8/8",
  ])("%j is none", (text) => {
    expect(validateNetwork(text)).toBeTypeOf("string");
  });
  it.each<[string, string, boolean]>([
    ["10.1.0.0/16", "10.0.0.0/8", true],
    ["10.0.0.0/8", "10.0.0.0/8", true],
    ["10.0.0.0/7", "10.0.0.0/8", false],
    ["11.0.0.0/8", "10.0.0.0/8", false],
    ["10.0.0.1", "10.0.0.0/8", true],
    ["2001:db8:1::/48", "2001:db8::/32", true],
    ["2001:db8::/32", "10.0.0.0/8", false],
  ])("%s inside %s: %s", (inner, outer, expected) => {
    expect(isNetworkInside(inner, [outer])).toBe(expected);
  });

  it("are the scope connect for all but an admin, and for a key another server than its own", () => {
    const wanted = { scopes: ["connect"] as const, connectServer: "files" };
    const session = { scopes: ROLE_SCOPES.admin, terms: undefined };
    const named = (role: Role, terms?: KeyBounds) =>
      checkKeyBounds(wanted, "service", { ...session, role, terms }).map(({ path }) => path);
    expect(named("admin")).toEqual([]);
    expect(named("user")).toEqual(["/scopes/0", "/connectServer"]);
    expect(named("admin", { ...bound, connectServer: "files" })).toEqual([]);
    expect(named("admin", { ...bound, connectServer: "other" })).toEqual(["/connectServer"]);
  });
});
