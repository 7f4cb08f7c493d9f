import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INVALID_REQUEST, PARSE_ERROR, parseBody } from "../../../src/core/mcp/json-rpc.ts";
import { isTooDeep } from "../../../src/core/mcp/json-scan.ts";
import { MAX_JSON_DEPTH as MAX_DEPTH } from "../../../src/core/size-limits.ts";
import { runs } from "../../support/runs.ts";

const read = (value: unknown) => parseBody(JSON.stringify(value));

describe("parseBody", () => {
  it.each([
    [
      { jsonrpc: "2.0", id: 1, method: "ping" },
      { kind: "request", id: 1, method: "ping", params: undefined },
    ],
    [
      { jsonrpc: "2.0", id: "a", method: "tools/call", params: { name: "x" }, extra: 1 },
      { kind: "request", id: "a", method: "tools/call", params: { name: "x" } },
    ],
    [
      { jsonrpc: "2.0", method: "notifications/x" },
      { kind: "notification", method: "notifications/x", params: undefined },
    ],
    [
      { jsonrpc: "2.0", id: 1, result: null },
      { kind: "response", id: 1, isError: false },
    ],
    [
      { jsonrpc: "2.0", id: "x", error: { code: 1, message: "" } },
      { kind: "response", id: "x", isError: true },
    ],
    [
      { jsonrpc: "2.0", id: null, error: { code: 1, message: "" } },
      { kind: "response", id: null, isError: true },
    ],
  ])("%j", (value, message) => {
    expect(read(value)).toEqual({ kind: "single", message });
  });

  it("reads a batch in order", () => {
    const batch = read([
      { jsonrpc: "2.0", id: 1, method: "a" },
      { jsonrpc: "2.0", method: "b" },
    ]);
    expect(batch).toMatchObject({ kind: "batch", messages: [{ kind: "request" }, { kind: "notification" }] });
  });

  it.each<[unknown, number | string | null]>([
    [[], null],
    [null, null],
    ["text", null],
    [7, null],
    [[[]], null],
    [{}, null],
    [{ id: 1, method: "ping" }, 1],
    [{ jsonrpc: "1.0", id: 1, method: "ping" }, 1],
    [{ jsonrpc: "2.0", id: 1 }, 1],
    [{ jsonrpc: "2.0", id: 1, method: 7 }, 1],
    [{ jsonrpc: "2.0", id: null, method: "ping" }, null],
    [{ jsonrpc: "2.0", id: {}, method: "ping" }, null],
    [{ jsonrpc: "2.0", id: 1, method: "ping", params: [] }, 1],
    [{ jsonrpc: "2.0", id: 1, method: "ping", params: "x" }, 1],
    [{ jsonrpc: "2.0", id: 1, result: 1, error: {} }, 1],
    [{ jsonrpc: "2.0", result: 1 }, null],
    [[{ jsonrpc: "2.0", id: 1, method: "ping" }, 5], null],
  ])("refuses %j as an invalid request", (value, id) => {
    expect(read(value)).toMatchObject({ kind: "invalid", code: INVALID_REQUEST, id });
  });

  it.each(["", "{", "{]", "nul", "\u0000", '{"jsonrpc":"2.0",}', "[1,2"])("refuses %j as no JSON", (text) => {
    expect(parseBody(text)).toMatchObject({ kind: "invalid", code: PARSE_ERROR, id: null });
  });

  it("never throws, whatever it is given", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseBody(text)));
    fc.assert(fc.property(fc.json({ maxDepth: 8 }), (text) => void parseBody(text)));
  });
});

describe("depth", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

  it("is allowed up to the limit and refused beyond it, at any size", () => {
    expect(isTooDeep(nested(MAX_DEPTH), MAX_DEPTH)).toBe(false);
    expect(isTooDeep(nested(MAX_DEPTH + 1), MAX_DEPTH)).toBe(true);
    expect(parseBody(nested(1_000_000))).toMatchObject({ kind: "invalid", code: PARSE_ERROR });
    expect(parseBody('{"a":'.repeat(1_000_000))).toMatchObject({ kind: "invalid", code: PARSE_ERROR });
  });

  it("counts exactly what JSON.parse would build, brackets in strings excluded", () => {
    const depthOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    const text = fc.stringMatching(/^["\\[\]{}a]{0,6}$/);
    const tree = fc.letrec((tie) => ({
      node: fc.oneof({ depthSize: "small" }, text, fc.array(tie("node")), fc.dictionary(text, tie("node"))),
    })).node;
    fc.assert(
      fc.property(tree, fc.nat(6), (value, limit) => {
        expect(isTooDeep(JSON.stringify(value), limit)).toBe(depthOf(value) > limit);
      }),
      { numRuns: runs(500) },
    );
  });
});
