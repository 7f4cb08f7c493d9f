import { describe, expect, it } from "vitest";
import { isNearClient } from "../../../src/core/routing/regions.ts";

const BERLIN = { country: "DE", continent: "EU" };

describe("isNearClient", () => {
  it.each([
    ["DE", true],
    ["de", true],
    ["EU", true],
    ["weur", true],
    ["eu-west-1", true],
    ["europe-west3", true],
    ["FR", false],
    ["NA", false],
    ["enam", false],
    ["us-east-1", false],
    ["eu-", true],
    ["somewhere", false],
    ["", false],
    [null, false],
  ])("region %s is near a client in Berlin: %s", (region, expected) => {
    expect(isNearClient(region, BERLIN)).toBe(expected);
  });

  it("is false for a client whose location is unknown", () => {
    const unknown = { country: undefined, continent: undefined };
    for (const region of ["DE", "EU", "weur", "nowhere-1"]) expect(isNearClient(region, unknown)).toBe(false);
  });
});
