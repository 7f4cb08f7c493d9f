import { describe, expect, it } from "vitest";
import { parseDuration, parseExpiry } from "../../../../scripts/cli/records/keys.ts";

describe("parseDuration", () => {
  it.each([
    ["90m", 5_400_000],
    ["24h", 86_400_000],
    ["30d", 2_592_000_000],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "30", "d", "-1d", "1.5h", "1 d", "9999999d", "1w"])("is undefined for %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("parseExpiry", () => {
  const now = Date.parse("2026-11-28T10:00:00Z");

  it("counts a duration from now, and takes a time as it is", () => {
    expect(parseExpiry("30d", now)).toBe("2026-12-28T10:00:00.000Z");
    expect(parseExpiry("2027-01-01T00:00:00Z", now)).toBe("2027-01-01T00:00:00.000Z");
  });

  it("rejects what is neither", () => {
    expect(() => parseExpiry("soon", now)).toThrow("--expires must be a duration");
  });
});
