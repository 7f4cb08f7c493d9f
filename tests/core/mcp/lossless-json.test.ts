import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  getMember,
  getNumber,
  isMembers,
  isSameJson,
  mapItems,
  mapMember,
  parseLossless,
  stringifyLossless,
} from "../../../src/core/mcp/lossless-json.ts";
import { runs } from "../../support/runs.ts";

const again = (text: string) => stringifyLossless(parseLossless(text));

const digits = fc.stringMatching(/^(?:0|[1-9][0-9]{0,24})$/);
const number = fc
  .tuple(
    fc.constantFrom("", "-"),
    digits,
    fc.constantFrom("", ".0", ".10", ".30000000000000004", ".1234567890123456789012345"),
    fc.constantFrom("", "e5", "E+400", "e-400", "E00"),
  )
  .map((parts) => parts.join(""));
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("1.0", ',1e400"', "\ud800", '\\"', '{"rawJSON":"1"}'),
);
// Integer-like keys move to the front, as documented.
const key = fc.oneof(
  text.filter((one) => !/^\d+$/.test(one)),
  fc.constantFrom("__proto__", "constructor", "toJSON", "rawJSON", "length"),
);
/** Random JSON as the text that JSON.stringify would write, but for its numbers. */
const json = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    number,
    text.map((one) => JSON.stringify(one)),
    fc.constantFrom("null", "true", "false"),
    fc.array(tie("tree"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
    fc
      .uniqueArray(fc.tuple(key, tie("tree")), { maxLength: 4, selector: ([name]) => name })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
  ),
})).tree;

describe("lossless JSON", () => {
  it("comes back to the digit", () => {
    fc.assert(
      fc.property(json, (written) => void expect(again(written)).toBe(written)),
      { numRuns: runs(1000) },
    );
  });

  it.each([
    ["12345678901234567890", "12345678901234567890"],
    ["9007199254740993", "9007199254740993"],
    ["[1.0,1e400,-1e400,-0,-0.0,0,-1,1E5,1e21]", "[1.0,1e400,-1e400,-0,-0.0,0,-1,1E5,1e21]"],
    ['{ "a" :\n1.0 ,"b":[\t-0]}', '{"a":1.0,"b":[-0]}'],
    ['{"rawJSON":"1"}', '{"rawJSON":"1"}'],
    ['{"__proto__":{"x":1.0},"constructor":2.0}', '{"__proto__":{"x":1.0},"constructor":2.0}'],
  ])("%s is written as %s", (written, expected) => {
    expect(again(written)).toBe(expected);
  });

  it.each([
    ["of duplicate keys the last value stays", '{"a":1.0,"b":0,"a":2.0}', '{"a":2.0,"b":0}'],
    ["also where their shapes differ", '{"a":[1.0,{"c":1.0}],"a":{"c":3.0}}', '{"a":{"c":3.0}}'],
    ["also where the last is a text", '{"a":1.0,"a":"1.0"}', '{"a":"1.0"}'],
    ["integer-like keys move to the front", '{"b":1.0,"10":2,"2":3}', '{"2":3,"10":2,"b":1.0}'],
    ["escapes are not kept", '["\\u0041\\/",1.0]', '["A/",1.0]'],
  ])("as JSON.parse decides, %s", (_rule, written, expected) => {
    expect(again(written)).toBe(expected);
  });

  it.each([
    "",
    "{",
    "01",
    "1.",
    "[1,]",
    "\ufeff{}",
    "undefined",
    `${"[".repeat(101)}${"]".repeat(101)}`,
    "[".repeat(1e6),
  ])("is undefined for %j", (written) => {
    expect(parseLossless(written)).toBe(undefined);
  });

  it("leaves Object.prototype alone", () => {
    const value = parseLossless('{"__proto__":{"polluted":1.0}}');
    expect(Reflect.get({}, "polluted")).toBe(undefined);
    expect(isMembers(value) && Object.keys(value)).toEqual(["__proto__"]);
  });

  it("returns ordinary numbers as numbers and the value of the others", () => {
    expect(parseLossless("[1,1.0]")).toMatchObject([1, expect.anything()]);
    const values = parseLossless('[1,1.0,1e400,"1",{"rawJSON":"1"}]');
    expect(Array.isArray(values) && values.map(getNumber)).toEqual([1, 1, Infinity, undefined, undefined]);
    expect(Array.isArray(values) && values.map(isMembers)).toEqual([false, false, false, false, true]);
  });
});

describe("editing", () => {
  const add = (value: unknown) => (typeof value === "number" ? value + 1 : value);

  it("gives the very same value back where nothing changes", () => {
    const value = { a: 1, items: ["x"] };
    expect(mapMember(value, "missing", add)).toBe(value);
    expect(mapMember(value, "items", (items) => mapItems(items, add))).toBe(value);
    expect(mapMember("text", "a", add)).toBe("text");
  });

  it("changes one member in its place and keeps all others to the digit", () => {
    const value = parseLossless('{"z":1.0,"a":1,"__proto__":{"b":1e400}}');
    expect(stringifyLossless(mapMember(value, "a", add))).toBe('{"z":1.0,"a":2,"__proto__":{"b":1e400}}');
    expect(stringifyLossless(mapMember(value, "__proto__", () => 1))).toBe('{"z":1.0,"a":1,"__proto__":1}');
  });

  it("reads own members only", () => {
    expect(getMember({}, "constructor")).toBe(undefined);
    expect(getMember({}, "__proto__")).toBe(undefined);
  });

  it("compares JSON whatever the order of members", () => {
    expect(isSameJson({ a: [1, { b: null }], c: "x" }, { c: "x", a: [1, { b: null }] })).toBe(true);
    expect(isSameJson(parseLossless("[1e400]"), parseLossless("[1e400]"))).toBe(true);
    for (const [left, right] of [
      [[1], [1, 2]],
      [{ a: 1 }, { b: 1 }],
      [{}, []],
      [null, {}],
      [1, "1"],
      [{ a: 1 }, {}],
    ]) {
      expect(isSameJson(left, right)).toBe(false);
      expect(isSameJson(right, left)).toBe(false);
    }
  });
});
