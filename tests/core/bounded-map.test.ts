/** BoundedMap keeps at most its maximum of entries, and those are the latest inserted. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedMap } from "../../src/core/bounded-map.ts";

describe("a bounded map", () => {
  it("keeps the entries inserted last", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 9 })),
        (maxSize, keys) => {
          const map = new BoundedMap<number, number>(maxSize);
          let expected: number[] = [];
          for (const [position, key] of keys.entries()) {
            map.set(key, position);
            if (!expected.includes(key)) expected = [...expected, key].slice(-maxSize);
            expect(map.get(key)).toBe(position);
          }
          expect([...map.keys()]).toEqual(expected);
        },
      ),
    );
  });

  it("evicts a refreshed entry last", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1).set("b", 2);
    map.delete("a");
    map.set("a", 3).set("c", 4);
    expect([...map.keys()]).toEqual(["a", "c"]);
  });
});
