/** What a spreadsheet reads back is what was written, and never a formula. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvCell, csvLine } from "../../src/core/csv.ts";

describe("a cell", () => {
  it.each([
    [null, ""],
    [undefined, ""],
    [-1.5, "-1.5"],
    [true, "true"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [{ a: 1 }, '"{""a"":1}"'],
    ['write "hi", twice', '"write ""hi"", twice"'],
    ["two\nlines", '"two\nlines"'],
    ["=1+1", "'=1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
  ])("of %j is %s", (value, text) => {
    expect(csvCell(value)).toBe(text);
  });
});

/** Parses as RFC 4180 specifies. */
function read(line: string): string[] {
  return [...line.replace(/\r\n$/, "").matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}

describe("a line", () => {
  it("is read back as it was", () => {
    const text = fc.string({ minLength: 1 }).filter((value) => !/^[=+\-@\t\r]/.test(value));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (cells) => {
        expect(read(csvLine(cells))).toEqual(cells);
      }),
    );
  });
});
