import { describe, expect, it } from "vitest";
import { parseLossless } from "../../../src/core/mcp/lossless-json.ts";
import { createArgumentCheck } from "../../../src/core/toolsets/argument-check.ts";

const check = createArgumentCheck({
  type: "object",
  properties: {
    query: { type: "string", minLength: 1 },
    limit: { type: "integer", maximum: 100 },
    state: { enum: ["open", "closed"] },
    filter: { type: "object", properties: { pattern: { type: "string" } }, required: ["pattern"] },
  },
  required: ["query"],
  additionalProperties: false,
});

describe("createArgumentCheck", () => {
  it.each([
    { query: "a" },
    { query: "a", limit: 5, state: "open" },
    { query: "a", filter: { pattern: "x" } },
  ])("accepts %j", (args) => {
    expect(check(args)).toEqual([]);
  });

  it.each([
    [{}, /query/],
    [{ query: 5 }, /\/query/],
    [{ query: "" }, /\/query/],
    [{ query: "a", limit: 500 }, /\/limit/],
    [{ query: "a", state: "gone" }, /\/state/],
    [{ query: "a", other: 1 }, /other/],
    [{ query: "a", filter: {} }, /pattern/],
  ])("rejects %j with its path", (args, expected) => {
    expect(check(args).join("\n")).toMatch(expected);
  });

  it("accepts an integer in any spelling", () => {
    const args = parseLossless('{ "query": "a", "limit": 5.0 }');
    expect(check(args === undefined ? {} : { query: "a", limit: 5, ...Object(args) })).toEqual([]);
  });

  it.each([
    ["a regular expression", { properties: { a: { pattern: "^(a+)+$" } } }, { a: `${"a".repeat(40)}!` }],
    ["a reference", { properties: { a: { $ref: "#" } }, $ref: "#" }, { a: {} }],
    ["an unknown reference", { $ref: "https://example.org/schema.json" }, {}],
    [
      "uniqueness",
      { properties: { a: { uniqueItems: true } } },
      { a: Array.from({ length: 5000 }, () => ({})) },
    ],
  ])("leaves %s to the server", (_case, schema, args) => {
    expect(createArgumentCheck(schema)(args)).toEqual([]);
  });

  it.each([undefined, null, true, "text", []])("accepts everything where the schema is %j", (schema) => {
    expect(createArgumentCheck(schema)({ a: 1 })).toEqual([]);
  });

  it("accepts everything beyond the depth that it checks", () => {
    let schema: object = { type: "string" };
    let args: object = { a: 5 };
    for (let depth = 0; depth < 60; depth += 1) {
      schema = { type: "object", properties: { a: schema } };
      args = { a: args };
    }
    expect(createArgumentCheck(schema)({ ...args })).toEqual([]);
  });
});
