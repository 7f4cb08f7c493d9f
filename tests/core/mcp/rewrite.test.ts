import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/mcp/json-rpc.ts";
import { isMembers, parseLossless, stringifyLossless } from "../../../src/core/mcp/lossless-json.ts";
import { getTarget, mapRelatedTask, setTarget } from "../../../src/core/mcp/rewrite.ts";

const outwardTask = (id: string) => `T(${id})`;
const RELATED = "io.modelcontextprotocol/related-task";
const KEPT = { _meta: { progressToken: 1, "x.y/z": [1] }, unknown: { name: "n", uri: "u", taskId: "t" } };
const request = (method: string, params: object): JsonObject => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  params: { ...KEPT, ...params },
  extra: true,
});

describe("a request on its way to a server", () => {
  it.each([
    [
      "tools/call",
      { name: "A", arguments: { name: "A" } },
      "tool",
      { name: "own", arguments: { name: "A" } },
    ],
    ["prompts/get", { name: "A" }, "prompt", { name: "own" }],
    ["resources/read", { uri: "A" }, "resource", { uri: "own" }],
    ["resources/subscribe", { uri: "A" }, "resource", { uri: "own" }],
    ["resources/unsubscribe", { uri: "A" }, "resource", { uri: "own" }],
    ["tasks/get", { taskId: "A" }, "task", { taskId: "own" }],
    ["tasks/result", { taskId: "A" }, "task", { taskId: "own" }],
    ["tasks/update", { taskId: "A", inputResponses: {} }, "task", { taskId: "own", inputResponses: {} }],
    ["tasks/cancel", { taskId: "A" }, "task", { taskId: "own" }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "A", title: "x" }, argument: { name: "A", value: "v" } },
      "prompt",
      { ref: { type: "ref/prompt", name: "own", title: "x" }, argument: { name: "A", value: "v" } },
    ],
    [
      "completion/complete",
      { ref: { type: "ref/resource", uri: "A" } },
      "template",
      { ref: { type: "ref/resource", uri: "own" } },
    ],
  ])("%s %j is about a %s", (method, params, kind, expected) => {
    expect(getTarget(request(method, params))).toEqual({ kind, value: "A" });
    expect(setTarget(request(method, params), "own")).toEqual(request(method, expected));
    const before = request(method, params);
    expect(setTarget(before, "A")).toBe(before);
  });

  it.each([
    [request("tools/list", { name: "A" })],
    [request("tools/call", { name: 1 })],
    [request("tools/call", {})],
    [request("completion/complete", { ref: { type: "ref/other", name: "A" } })],
    [request("completion/complete", { ref: "A" })],
    [request("constructor", { name: "A" })],
    [{ jsonrpc: "2.0", id: 1, method: "tools/call" }],
    [{ jsonrpc: "2.0", id: 1, result: { name: "A" } }],
  ])("%j is about no one thing and stays the very same", (message: JsonObject) => {
    expect(getTarget(message)).toBe(undefined);
    expect(setTarget(message, "own")).toBe(message);
  });

  it("keeps arguments to the digit", () => {
    const text =
      '{"id":1.0,"method":"tools/call","params":{"name":"A","arguments":{"n":1e400,"m":1.0}},"__proto__":{"x":1}}';
    const message = parseLossless(text);
    expect(isMembers(message) && stringifyLossless(setTarget(message, "own"))).toBe(
      text.replace('"A"', '"own"'),
    );
  });

  it.each(["params", "result"])("finds the task of a message in its %s", (member) => {
    const message = (taskId: string) => ({
      id: 1,
      [member]: { _meta: { [RELATED]: { taskId, x: 1 }, y: 2 } },
    });
    expect(mapRelatedTask(message("t"), outwardTask)).toEqual(message("T(t)"));
  });
});
