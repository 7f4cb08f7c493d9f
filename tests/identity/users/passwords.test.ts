import { scrypt } from "node:crypto";
import { hashPassword as foreignHash } from "better-auth/crypto";
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/core/hex.ts";
import { hashPassword, isOutdated, verifyPassword } from "../../../src/identity/users/passwords.ts";

describe("a password's hash", () => {
  it("is another one each time, and fits its password alone", async () => {
    const [one, two] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
    expect(one).not.toBe(two);
    expect(await verifyPassword(one, "correct horse")).toBe(true);
    expect(await verifyPassword(one, "correct horsf")).toBe(false);
    expect(isOutdated(one)).toBe(false);
  });

  it("has parameters that OWASP recommends", async () => {
    expect(await hashPassword("correct horse")).toMatch(/^scrypt\$16384\$8\$5\$/);
  });

  it("that was made with weaker parameters is valid and outdated", async () => {
    const hash = await new Promise<Uint8Array>((resolve, reject) =>
      scrypt(
        "correct horse",
        new Uint8Array(16),
        32,
        { N: 16_384, r: 10, p: 1, maxmem: 2 ** 26 },
        (error, key) => (error === null ? resolve(key) : reject(error)),
      ),
    );
    const stored = `scrypt$16384$10$1$${"00".repeat(16)}$${toHex(hash)}`;
    expect(await verifyPassword(stored, "correct horse")).toBe(true);
    expect(isOutdated(stored)).toBe(true);
  });

  it("is the same however an accented letter is written", async () => {
    expect(await verifyPassword(await hashPassword("caf\u00e9"), "cafe\u0301")).toBe(true);
  });

  it("contains its parameters, so that older ones still match and are known as outdated", async () => {
    const foreign = await foreignHash("correct horse");
    expect(await verifyPassword(foreign, "correct horse")).toBe(true);
    expect(await verifyPassword(foreign, "wrong horse")).toBe(false);
    expect(isOutdated(foreign)).toBe(true);
  });

  it.each(["", "x", "scrypt$16384$10$1$zz$zz", "plain text"])("%j fits nothing", async (stored) => {
    expect(await verifyPassword(stored, "")).toBe(false);
    expect(await verifyPassword(stored, stored)).toBe(false);
  });
});
