import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "../../src/core/text-diff.ts";

const shown = (before: string, after: string) =>
  diffLines(before, after).map(({ kind, text }) => `${{ same: " ", gone: "-", new: "+" }[kind]}${text}`);

describe("a difference", () => {
  it.each<[string, string, string[]]>([
    ["a", "a", [" a"]],
    ["a", "b", ["-a", "+b"]],
    ["a\nb\nc", "a\nc", [" a", "-b", " c"]],
    ["a\nc", "a\nb\nc", [" a", "+b", " c"]],
    ["", "a", ["-", "+a"]],
  ])("between %j and %j", (before, after, expected) => expect(shown(before, after)).toEqual(expected));

  it("leads from the one text to the other", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(text, text, (old, now) => {
        const lines = diffLines(old.join("\n"), now.join("\n"));
        const side = (other: string) => lines.filter(({ kind }) => kind !== other).map((line) => line.text);
        expect(side("new")).toEqual(old);
        expect(side("gone")).toEqual(now);
      }),
    );
  });

  it("stands by itself where texts are too long to be compared", () => {
    const long = "x\n".repeat(2000);
    expect(diffLines(long, long).every(({ kind }) => kind !== "same")).toBe(true);
  });
});
