import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64url, toBase64url } from "../../src/core/base64url.ts";
import { Keyring } from "../../src/core/keyring.ts";
import { runs } from "../support/runs.ts";

const key = (byte: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(byte)));
const old = { id: "k1", key: key(1) };
const fresh = { id: "k2", key: key(2) };
const bytes = (text: string) => new TextEncoder().encode(text);

describe("base64url", () => {
  it("reads back what it wrote, without padding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (content) => {
        const text = toBase64url(content);
        expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
        expect(fromBase64url(text)).toEqual(new Uint8Array(content));
      }),
    );
  });

  it("writes a megabyte", () => {
    expect(fromBase64url(toBase64url(new Uint8Array(1_000_000)))?.length).toBe(1_000_000);
  });

  it.each(["a", "a=", "a b", "a+b/", "é"])("refuses %j", (text) => {
    expect(fromBase64url(text)).toBeUndefined();
  });
});

describe("Keyring", () => {
  it("opens what it sealed, and the text shows nothing of it", async () => {
    const ring = new Keyring([fresh]);
    const sealed = await ring.seal("test", bytes("hunter2"));
    expect(new TextDecoder().decode(await ring.open("test", sealed))).toBe("hunter2");
    expect(sealed).toMatch(/^k2\.[A-Za-z0-9_-]+$/);
    expect(await ring.seal("test", bytes("hunter2"))).not.toBe(sealed);
  });

  it("still opens what an older key sealed, and marks it as stale", async () => {
    const sealed = await new Keyring([old]).seal("test", bytes("x"));
    const rotated = new Keyring([fresh, old]);
    expect(await rotated.open("test", sealed)).toEqual(bytes("x"));
    expect(rotated.isStale(sealed)).toBe(true);
    expect(rotated.isStale(await rotated.seal("test", bytes("x")))).toBe(false);
  });

  it("does not open for another purpose, with another key, or after a change anywhere", async () => {
    const ring = new Keyring([fresh]);
    const sealed = await ring.seal("cursor", bytes("content"));
    expect(await ring.open("credential", sealed)).toBeUndefined();
    expect(await new Keyring([{ ...old, id: "k2" }]).open("cursor", sealed)).toBeUndefined();
    expect(await new Keyring([old]).open("cursor", sealed)).toBeUndefined();
    for (let at = 3; at < sealed.length; at += 1) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`;
      // The last character carries bits that encode nothing; a change there may leave the bytes as they were.
      const same = toBase64url(fromBase64url(changed.slice(3)) ?? new Uint8Array()) === sealed.slice(3);
      if (!same) expect(await ring.open("cursor", changed)).toBeUndefined();
    }
  });

  it.each(["", ".", "k2", "k2.", "k2.AAAA", "k9.AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "k2.%%%"])(
    "opens nothing of %j",
    async (text) => {
      expect(await new Keyring([fresh]).open("test", text)).toBeUndefined();
    },
  );

  it("refuses to be made without keys or with a short one", () => {
    expect(() => new Keyring([])).toThrow(TypeError);
    expect(() => new Keyring([{ id: "k", key: btoa("short") }])).toThrow(TypeError);
  });
});

describe("stable seals", () => {
  const keyring = new Keyring([fresh, old]);

  it("are the same for the same content and purpose, another for any other, and open like the others", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (one, other) => {
        const sealed = await keyring.sealStable("task", bytes(one));
        expect(await keyring.sealStable("task", bytes(one))).toBe(sealed);
        expect((await keyring.sealStable("task", bytes(other))) === sealed).toBe(one === other);
        expect(await keyring.sealStable("other", bytes(one))).not.toBe(sealed);
        expect(await keyring.open("task", sealed)).toEqual(bytes(one));
        expect(await keyring.open("other", sealed)).toBeUndefined();
      }),
      { numRuns: runs(30) },
    );
  });
});
