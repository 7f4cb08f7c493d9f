import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHeaderValue } from "../../../src/core/mcp/inbound.ts";
import { checkParamHeaders } from "../../../src/core/mcp/param-headers.ts";

const schema = {
  type: "object",
  properties: {
    region: { type: "string", "x-mcp-header": "Region" },
    shard: { type: "integer", "x-mcp-header": "Shard" },
    dry: { type: "boolean", "x-mcp-header": "Dry" },
    plain: { type: "string" },
    place: { type: "object", properties: { zone: { type: "string", "x-mcp-header": "Zone" } } },
  },
};

const lookup = (headers: Record<string, string>) => (name: string) => headers[name];

describe("headers that repeat arguments", () => {
  it.each([
    ["nothing to repeat", {}, {}],
    ["the same text", { region: "eu" }, { "mcp-param-region": "eu" }],
    ["text that travels encoded", { region: "Zürich" }, { "mcp-param-region": "=?base64?WsO8cmljaA==?=" }],
    ["the same number, spelt otherwise", { shard: 3 }, { "mcp-param-shard": "3.0" }],
    ["a boolean", { dry: false }, { "mcp-param-dry": "false" }],
    ["an argument within another", { place: { zone: "a" } }, { "mcp-param-zone": "a" }],
    ["null, which has no header", { region: null }, {}],
    [
      "something that looks encoded and is not",
      { region: "=?base64?eu" },
      { "mcp-param-region": "=?base64?eu" },
    ],
    ["headers that no schema declares", {}, { "mcp-param-other": "x" }],
  ])("may contain %s", (_what, args, headers) => {
    expect(checkParamHeaders(schema, args, lookup(headers))).toBeUndefined();
  });

  it.each([
    ["something else", { region: "eu" }, { "mcp-param-region": "us" }],
    ["the same in other letters", { region: "eu" }, { "mcp-param-region": "EU" }],
    ["nothing where there is an argument", { region: "eu" }, {}],
    ["something where there is none", {}, { "mcp-param-region": "eu" }],
    ["another number", { shard: 3 }, { "mcp-param-shard": "4" }],
    ["an empty text for zero", { shard: 0 }, { "mcp-param-shard": "" }],
    ["another truth", { dry: true }, { "mcp-param-dry": "1" }],
    ["what is wrongly padded", { region: "Hello" }, { "mcp-param-region": "=?base64?SGVsbG8?=" }],
    ["what is no base64", { region: "Hello" }, { "mcp-param-region": "=?base64?SGVs!!!bG8=?=" }],
    ["something else, deep inside", { place: { zone: "a" } }, { "mcp-param-zone": "b" }],
  ])("must not contain %s", (_what, args, headers) => {
    expect(checkParamHeaders(schema, args, lookup(headers))).toEqual(expect.any(String));
  });

  it("hold for every text that a client encodes as it should", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (region) => {
        const headers = { "mcp-param-region": encodeHeaderValue(region) };
        expect(checkParamHeaders(schema, { region }, lookup(headers))).toBeUndefined();
      }),
    );
  });
});
