import { describe, expect, it } from "vitest";
import { isInside } from "../../../src/core/net/cidr.ts";

describe("isInside", () => {
  it.each([
    ["10.1.2.3", ["10.0.0.0/8"], true],
    ["11.1.2.3", ["10.0.0.0/8"], false],
    ["192.0.2.7", ["10.0.0.0/8", "192.0.2.7/32"], true],
    ["192.0.2.7", ["192.0.2.7"], true],
    ["::ffff:10.1.2.3", ["10.0.0.0/8"], true],
    ["2001:db8::1", ["2001:db8::/32"], true],
    ["2001:db9::1", ["2001:db8::/32"], false],
    ["2001:db8::1", ["10.0.0.0/8"], false],
    ["10.1.2.3", ["::/0"], false],
    ["10.1.2.3", [], false],
    ["no address", ["0.0.0.0/0"], false],
    ["", ["0.0.0.0/0"], false],
  ])("%s in %j: %s", (address, networks, expected) => {
    expect(isInside(address, networks)).toBe(expected);
  });
});
