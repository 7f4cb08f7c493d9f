import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/mcp/json-rpc.ts";
import { exposeMessage, exposeResponse, exposeTool } from "../../../src/core/mcp/rewrite.ts";

const outward = { uri: (uri: string) => `W(${uri})`, taskId: (id: string) => `T(${id})` };
const same = { uri: (uri: string) => uri, taskId: (id: string) => id };
const RELATED = "io.modelcontextprotocol/related-task";
const request = (method: string, params: object): JsonObject => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  params: { unknown: { name: "n", uri: "u", taskId: "t" }, ...params },
  extra: true,
});
const answer = (result: unknown): JsonObject => ({ jsonrpc: "2.0", id: 1, result, extra: true });

const blocks = (uri: (text: string) => string) => [
  { type: "text", text: "u", uri: "u" },
  { type: "resource_link", uri: uri("u"), name: "n", size: 1 },
  { type: "resource", resource: { uri: uri("u"), text: "u", _meta: { uri: "u" } }, annotations: {} },
  { type: "image", data: "u", mimeType: "image/png" },
  { type: "unknown", uri: "u" },
  null,
];
const task = (id: string, more: object = {}) => ({
  resultType: "complete",
  taskId: id,
  status: "working",
  ...more,
});
const plain = (text: string) => text;

describe("what comes back", () => {
  it.each<[string, unknown, unknown]>([
    [
      "resources/read",
      { contents: [{ uri: "u", text: "u" }, { text: "none" }, "odd"], ttlMs: 1 },
      { contents: [{ uri: "W(u)", text: "u" }, { text: "none" }, "odd"], ttlMs: 1 },
    ],
    [
      "tools/call",
      { content: blocks(plain), structuredContent: { uri: "u", taskId: "t" }, taskId: "t" },
      { content: blocks(outward.uri), structuredContent: { uri: "u", taskId: "t" }, taskId: "t" },
    ],
    [
      "tools/call",
      task("t", { resultType: "task", ttlMs: null }),
      task("T(t)", { resultType: "task", ttlMs: null }),
    ],
    ["tools/call", { task: { taskId: "t", ttl: 1 } }, { task: { taskId: "T(t)", ttl: 1 } }],
    [
      "tools/call",
      { _meta: { [RELATED]: { taskId: "t" } }, content: [] },
      { _meta: { [RELATED]: { taskId: "T(t)" } }, content: [] },
    ],
    [
      "prompts/get",
      {
        messages: [
          ...blocks(plain).map((content) => ({ role: "user", content })),
          { role: "user", content: blocks(plain) },
        ],
      },
      {
        messages: [
          ...blocks(outward.uri).map((content) => ({ role: "user", content })),
          { role: "user", content: blocks(outward.uri) },
        ],
      },
    ],
    ["tasks/get", task("t"), task("T(t)")],
    [
      "tasks/get",
      task("t", { result: { content: blocks(plain) } }),
      task("T(t)", { result: { content: blocks(outward.uri) } }),
    ],
    ["tasks/update", task("t"), task("T(t)")],
    ["tasks/cancel", task("t"), task("T(t)")],
    ["tasks/result", { content: blocks(plain) }, { content: blocks(outward.uri) }],
    [
      "tasks/list",
      { tasks: [task("a"), task("b")], nextCursor: "c" },
      { tasks: [task("T(a)"), task("T(b)")], nextCursor: "c" },
    ],
  ])("from %s: %j", (method, before, after) => {
    expect(exposeResponse(answer(before), method, outward)).toEqual(answer(after));
    const untouched = answer(before);
    expect(exposeResponse(untouched, method, same)).toBe(untouched);
  });

  it.each<[string, JsonObject]>([
    ["completion/complete", answer({ completion: { values: ["u"], uri: "u" }, uri: "u", taskId: "t" })],
    [
      "tools/call",
      answer({
        resultType: "input_required",
        inputRequests: { a: { method: "x", params: { uri: "u" } } },
        requestState: "s",
      }),
    ],
    ["resources/read", answer({ contents: { uri: "u" } })],
    ["tools/call", answer(null)],
    ["tools/call", answer({ content: "text" })],
    ["prompts/get", { jsonrpc: "2.0", id: 1, error: { code: -32602, message: "", data: { uri: "u" } } }],
    ["unknown/method", answer({ uri: "u", taskId: "t", contents: [{ uri: "u" }] })],
    ["constructor", answer({ uri: "u" })],
  ])("from %s stays the very same: %j", (method, message) => {
    expect(exposeResponse(message, method, outward)).toBe(message);
  });

  it("from a failed read names the requested URI", () => {
    const failed = (uri: string) => ({ id: 1, error: { code: -32602, message: "", data: { uri, x: 1 } } });
    expect(exposeResponse(failed("u"), "resources/read", outward)).toEqual(failed("W(u)"));
  });

  it.each([
    ["notifications/resources/updated", { uri: "u", title: "u" }, { uri: "W(u)", title: "u" }],
    [
      "notifications/tasks",
      task("t", { result: { content: blocks(plain) } }),
      task("T(t)", { result: { content: blocks(outward.uri) } }),
    ],
    ["notifications/tasks/status", task("t"), task("T(t)")],
    [
      "notifications/subscriptions/acknowledged",
      { notifications: { toolsListChanged: true, resourceSubscriptions: ["u"], taskIds: ["t"] } },
      { notifications: { toolsListChanged: true, resourceSubscriptions: ["W(u)"], taskIds: ["T(t)"] } },
    ],
    ["notifications/progress", { progressToken: "t", message: "u" }, { progressToken: "t", message: "u" }],
    ["notifications/message", { data: { uri: "u" } }, { data: { uri: "u" } }],
    [
      "elicitation/create",
      { message: "u", _meta: { [RELATED]: { taskId: "t" } } },
      { message: "u", _meta: { [RELATED]: { taskId: "T(t)" } } },
    ],
  ])("as %s: %j", (method, before, after) => {
    expect(exposeMessage(request(method, before), outward)).toEqual(request(method, after));
    const untouched = request(method, before);
    expect(exposeMessage(untouched, same)).toBe(untouched);
  });

  it("in a tool's definition points at the user interface", () => {
    const tool = (uri: string) => ({
      name: "a",
      _meta: { ui: { resourceUri: uri, visibility: [] }, "ui/resourceUri": uri },
    });
    expect(exposeTool(tool("ui://x"), outward.uri)).toEqual(tool("W(ui://x)"));
    const none = { name: "a", _meta: { ui: [] } };
    expect(exposeTool(none, outward.uri)).toBe(none);
  });
});
