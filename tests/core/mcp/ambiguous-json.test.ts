import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INVALID_PARAMS, INVALID_REQUEST, parseBody } from "../../../src/core/mcp/json-rpc.ts";
import { MAX_NAME_LENGTH } from "../../../src/core/size-limits.ts";

const call = (params: string, rest = "") =>
  `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}${rest}}`;

describe("a message that two readers would read differently", () => {
  it.each([
    ["a name in another case", call('{"name":"allowed","Name":"denied"}')],
    ["a name in another case alone", call('{"NAME":"denied"}')],
    ["a name twice", call('{"name":"allowed","name":"denied"}')],
    ["a name twice, once escaped", call('{"name":"allowed","n\\u0061me":"denied"}')],
    ["parameters twice", call('{"name":"allowed"}', ',"params":{"name":"denied"}')],
    ["parameters in another case", call('{"name":"allowed"}', ',"Params":{"name":"denied"}')],
    ["a method in another case", call('{"name":"allowed"}', ',"Method":"tools/call"')],
    ["a letter that folds to one of the name", call('{"ta\\u017fkId":"x"}')],
    ["a Kelvin sign for a k", call('{"tas\\u212aId":"x"}')],
    [
      "a reference twice",
      '{"jsonrpc":"2.0","id":7,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"a","name":"b"}}}',
    ],
    ["metadata twice", call('{"name":"a","_meta":{},"_meta":{"x":1}}')],
    ["one message of a batch", `[${call('{"name":"a"}')},${call('{"name":"a","Name":"b"}')}]`],
  ])("is refused: %s", (_what, text) => {
    expect(parseBody(text)).toMatchObject({ kind: "invalid", code: INVALID_REQUEST });
  });

  it("is refused with the id of the request", () => {
    expect(parseBody(call('{"name":"a","Name":"b"}'))).toMatchObject({ id: 7 });
  });

  it.each([
    ["arguments", call('{"name":"a","arguments":{"Name":1,"name":2,"name":3}}')],
    ["members that no rule reads", call('{"name":"a","x":1,"X":2,"x":3}')],
    ["texts that look like members", call('{"name":"\\"Name\\":","arguments":["Name","name"]}')],
    ["deeper objects", call('{"name":"a","_meta":{"x":{"params":1,"params":2}}}')],
  ])("is not one that differs in %s", (_what, text) => {
    expect(parseBody(text)).toMatchObject({ kind: "single" });
  });

  it("is never what JSON.stringify writes of an honest request", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (name, args) => {
        const text = JSON.stringify({
          ...{ jsonrpc: "2.0", id: 1, method: "tools/call" },
          params: { name, arguments: args },
        });
        expect(parseBody(text)).toMatchObject({ kind: "single" });
      }),
    );
  });
});

describe("a target", () => {
  it.each([
    ["tools/call", { name: ["denied"] }],
    ["tools/call", { name: { toString: "denied" } }],
    ["tools/call", { name: null }],
    ["tools/call", { name: "\ud800" }],
    ["tools/call", { name: "a\0b" }],
    ["prompts/get", { name: 1 }],
    ["resources/read", { uri: ["file:///x"] }],
    ["tasks/get", { taskId: 5 }],
    ["completion/complete", { ref: { type: ["ref/prompt"], name: "x" } }],
    ["completion/complete", { ref: { type: "ref/prompt", name: ["x"] } }],
    ["completion/complete", { ref: ["ref/prompt"] }],
  ])("is refused when it is no text: %s %j", (method, params) => {
    const text = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    expect(parseBody(text)).toMatchObject({ kind: "invalid", code: INVALID_PARAMS, id: 1 });
  });

  it.each([
    ["tools/call", "name"],
    ["resources/read", "uri"],
    ["resources/list", "cursor"],
    ["tasks/get", "taskId"],
  ])("is refused when it is longer than 8 KiB: %s %s", (method, member) => {
    const of = (length: number) =>
      parseBody(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { [member]: "x".repeat(length) } }));
    expect(of(MAX_NAME_LENGTH)).toMatchObject({ kind: "single" });
    expect(of(MAX_NAME_LENGTH + 1)).toMatchObject({ kind: "invalid", code: INVALID_PARAMS });
  });
});
