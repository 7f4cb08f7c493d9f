import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listLegacyPrefixes, matchesLegacyKey } from "../../../src/core/access/legacy-key.ts";
import { sha256Hex } from "../../../src/core/digest.ts";

describe("a legacy key", () => {
  it.each<[string, string | null, string]>([
    ["unsalted", null, "key"],
    ["with the salt before it", "salt", "saltkey"],
    ["with the salt after it", "salt", "keysalt"],
    ["with the salt and a colon before it", "salt", "salt:key"],
  ])("matches its hash %s, and no other key does", async (_, salt, hashed) => {
    const stored = { salt, keyHash: await sha256Hex(hashed) };
    expect(await matchesLegacyKey(stored, "key")).toBe(true);
    expect(await matchesLegacyKey(stored, "kez")).toBe(false);
    expect(await matchesLegacyKey({ ...stored, salt: "other" }, "key")).toBe(false);
  });

  it("is looked for by each of its beginnings of 6 to 20 characters", () => {
    expect(listLegacyPrefixes("12345")).toEqual([]);
    expect(listLegacyPrefixes("12345678")).toEqual(["123456", "1234567", "12345678"]);
    fc.assert(
      fc.property(fc.string({ minLength: 20, maxLength: 60 }), (key) => {
        const prefixes = listLegacyPrefixes(key);
        expect(prefixes).toHaveLength(15);
        expect(prefixes.every((prefix) => key.startsWith(prefix))).toBe(true);
      }),
    );
  });
});
