import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUuid, uuidv7, uuidv7Time } from "../../src/core/ids.ts";

const MAX_TIME = 2 ** 48 - 1;

describe("uuidv7", () => {
  it("follows RFC 9562: version 7, variant 10, the time in the first 48 bits", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: MAX_TIME }),
        fc.uint8Array({ minLength: 10, maxLength: 10 }),
        (now, noise) => {
          const id = uuidv7(now, (bytes) => {
            bytes.set(noise);
            return bytes;
          });
          expect(isUuid(id)).toBe(true);
          expect(id[14]).toBe("7");
          expect("89ab").toContain(id[19]);
          expect(uuidv7Time(id)).toBe(now);
        },
      ),
    );
  });

  it("sorts as text in the order of time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: MAX_TIME - 1 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (now, later) => {
          expect(uuidv7(now) < uuidv7(Math.min(now + later, MAX_TIME))).toBe(true);
        },
      ),
    );
  });

  it("does not repeat within one millisecond", () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => uuidv7(1_700_000_000_000)));
    expect(ids.size).toBe(10_000);
  });
});

describe("isUuid", () => {
  it.each([
    ["019a0b3c-1234-7abc-8def-0123456789ab", true],
    ["019A0B3C-1234-7ABC-8DEF-0123456789AB", true],
    ["019a0b3c12347abc8def0123456789ab", false],
    ["019a0b3c-1234-7abc-8def-0123456789ab ", false],
    ["", false],
    ["' or 1=1 --", false],
  ])("%s → %s", (text, expected) => {
    expect(isUuid(text)).toBe(expected);
  });
});
