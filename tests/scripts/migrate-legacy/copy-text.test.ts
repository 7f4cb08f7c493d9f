// COPY's text format, in and out.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeLine, formatCopyLine, parseCopiedJson } from "../../../scripts/migrate-legacy/copy-text.ts";

/** As PostgreSQL writes a value. */
const escapeText = (text: string) =>
  text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");

describe("a line of COPY", () => {
  it("contains no separator but its own, whatever the values", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (values) => {
        const line = formatCopyLine(values);
        expect(line.split("\t")).toHaveLength(values.length);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(line.isWellFormed()).toBe(true);
      }),
    );
  });

  it("writes null, numbers, arrays and JSON", () => {
    expect(formatCopyLine([null, 1.5, true, ["a,b", 'c"\\'], { json: { a: "x\ny" } }])).toBe(
      '\\N\t1.5\ttrue\t{"a,b","c\\\\"\\\\\\\\"}\t{"a":"x\\\\ny"}\n',
    );
  });
});

describe("copied JSON", () => {
  it("is what was stored", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(parseCopiedJson(escapeText(JSON.stringify(value))))).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
        expect(JSON.parse(parseCopiedJson(escapeText(JSON.stringify(value, null, "\t"))))).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });
});

describe("a line of a database without encoding", () => {
  it("is UTF-8, except for bytes that are not", () => {
    expect(decodeLine(new TextEncoder().encode("Müller"))).toEqual({ text: "Müller", isRepaired: false });
    const mixed = new Uint8Array([0x4d, 0xfc, 0x20, 0xc3, 0xbc, 0xe2, 0x82]);
    expect(decodeLine(mixed)).toEqual({ text: "Mü üâ‚", isRepaired: true });
  });

  it("never fails", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(typeof decodeLine(bytes).text).toBe("string");
      }),
    );
  });
});
