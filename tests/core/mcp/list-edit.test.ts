import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/mcp/json-rpc.ts";
import {
  editList,
  editListText,
  isListMethod,
  itemKey,
  LIST_MEMBERS,
  type ListEdit,
  type ListMethod,
  renameItem,
} from "../../../src/core/mcp/list-edit.ts";

const METHODS = Object.keys(LIST_MEMBERS).filter(isListMethod);
const without = (method: ListMethod, hidden: string): ListEdit => ({
  keep: (item) => itemKey(method, item) !== hidden,
});
const respond = (method: ListMethod, names: readonly string[], more: object = {}): JsonObject => {
  const { member, key } = LIST_MEMBERS[method];
  const items = names.map((name) => ({ title: "T", [key]: name, unknown: [1] }));
  return {
    jsonrpc: "2.0",
    id: 1,
    result: { unknown: true, [member]: items, nextCursor: "c", ...more },
    extra: 1,
  };
};
const PAGE =
  '{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"a","max":1.0},{"name":"b","max":1e400}],"ttlMs":5,"cacheScope":"public"}}';
const PAGE_WITHOUT_A =
  '{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"b","max":1e400}],"ttlMs":5,"cacheScope":"private"}}';
const withoutA = without("tools/list", "a");

describe.each(METHODS)("a response to %s", (method) => {
  it("loses what may not be seen, and nothing else", () => {
    expect(editList(respond(method, ["a", "b", "a"]), method, without(method, "a"))).toEqual(
      respond(method, ["b"]),
    );
  });

  it("is the very same where nothing changes", () => {
    const response = respond(method, ["a", "b"], { cacheScope: "public" });
    expect(editList(response, method, without(method, "c"))).toBe(response);
    expect(editList(response, method, { rename: (item) => item })).toBe(response);
    expect(editList(response, method, {})).toBe(response);
  });

  it("is renamed by its key", () => {
    const rename = (item: JsonObject) => renameItem(method, item, `x-${itemKey(method, item)}`);
    const scoped = { cacheScope: "public" };
    expect(editList(respond(method, ["a", "b"], scoped), method, { rename })).toEqual(
      respond(method, ["x-a", "x-b"], scoped),
    );
  });

  it.each([
    [{ cacheScope: "public" }, without(method, "a"), { cacheScope: "private" }],
    [{ cacheScope: "public" }, without(method, "c"), { cacheScope: "public" }],
    [{ cacheScope: "public" }, { isPersonal: true }, { cacheScope: "private" }],
    [{}, without(method, "a"), {}],
    [{}, { isPersonal: true }, {}],
  ])("with %j has the cache scope that it should", (before, edit: ListEdit, after) => {
    const names = edit.keep?.({ [LIST_MEMBERS[method].key]: "a" }) === false ? ["b"] : ["a", "b"];
    expect(editList(respond(method, ["a", "b"], before), method, edit)).toEqual(
      respond(method, names, after),
    );
  });
});

describe("a response that is no such list", () => {
  it.each<[JsonObject]>([
    [{ jsonrpc: "2.0", id: 1, error: { code: -32601, message: "" } }],
    [{ jsonrpc: "2.0", id: 1, result: null }],
    [{ jsonrpc: "2.0", id: 1, result: [] }],
    [{ jsonrpc: "2.0", id: 1, result: {} }],
    [{ jsonrpc: "2.0", id: 1, result: { tools: null } }],
    [{ jsonrpc: "2.0", id: 1, result: { tools: { a: {} } } }],
    [{ jsonrpc: "2.0", id: 1, result: { prompts: [{ name: "a" }] } }],
    [{}],
  ])("%j stays as it is", (response) => {
    expect(editList(response, "tools/list", { ...withoutA, isPersonal: true })).toBe(response);
  });

  it("loses items that cannot be judged when it is filtered", () => {
    const result = { tools: [null, "a", ["a"], 1, { name: "b" }] };
    expect(editList({ result }, "tools/list", { keep: () => true })).toEqual({
      result: { tools: [{ name: "b" }] },
    });
    expect(editListText('{"result":{"tools":[1.0]}}', "tools/list", { keep: () => true })).toBe(
      '{"result":{"tools":[]}}',
    );
  });
});

describe("the text of a response", () => {
  it("keeps numbers to the digit when edited and every byte when not", () => {
    expect(editListText(PAGE, "tools/list", withoutA)).toBe(PAGE_WITHOUT_A);
    const odd = `{ "a":1, "a":2.0,\n"10":1,${PAGE.slice(1)}`;
    for (const text of [PAGE, odd, "[]", "1.0"]) {
      expect(editListText(text, "tools/list", { keep: () => true })).toBe(text);
    }
  });

  it("goes nowhere when it cannot be read, however deep it is nested", () => {
    const deep = `{"result":{"tools":[{"name":"denied","x":${"[".repeat(101)}${"]".repeat(101)}}]}}`;
    for (const text of [deep, "", "no JSON", '{"result":']) {
      expect(editListText(text, "tools/list", { keep: () => false })).toBeUndefined();
    }
  });
});
