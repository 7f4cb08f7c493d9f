/** The table of findings is complete: every row has tests, and every test that it names exists. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FINDINGS } from "./findings.ts";

describe("the table of findings", () => {
  it("has a test for every finding", () => {
    const numbered = (prefix: string, length: number) =>
      Array.from({ length }, (_, index) => `${prefix}${index + 1}`);
    const ids = [...numbered("S", 28), ...numbered("H", 10)];
    expect(FINDINGS.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(FINDINGS.filter(({ tests }) => tests.length === 0).map(({ id }) => id)).toEqual([]);
    expect(new Set(FINDINGS.map(({ id }) => id)).size).toBe(FINDINGS.length);
  });

  it("names only tests that exist", () => {
    const named = FINDINGS.flatMap(({ id, tests }) => tests.map((test) => ({ id, ...test })));
    const missing = named.filter(
      ({ file, name }) => !new RegExp(`["'\`]${escaped(name)}`).test(sourceOf(file)),
    );
    expect(missing).toEqual([]);
  });
});

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
