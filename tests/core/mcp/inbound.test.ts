import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  classifyBatch,
  classifyPost,
  decodeHeaderValue,
  encodeHeaderValue,
} from "../../../src/core/mcp/inbound.ts";
import type { Message } from "../../../src/core/mcp/json-rpc.ts";

const lookup = (headers: Record<string, string>) => (name: string) => headers[name];
const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const request = (method: string, params?: Record<string, unknown>): Message => ({
  kind: "request",
  id: 1,
  method,
  params,
});
const modern = (
  method: string,
  params: Record<string, unknown> = {},
  changed: Record<string, unknown> = {},
) => request(method, { ...params, _meta: { ...meta, ...changed } });
const standard = { "mcp-protocol-version": "2026-07-28" };

describe("classify takes as modern", () => {
  it.each<[string, Message, Record<string, string>]>([
    ["a discovery", modern("server/discover"), { ...standard, "mcp-method": "server/discover" }],
    [
      "a call with its name",
      modern("tools/call", { name: "add" }),
      { ...standard, "mcp-method": "tools/call", "mcp-name": "add" },
    ],
    [
      "a read with its URI in base64",
      modern("resources/read", { uri: "note://ä" }),
      { ...standard, "mcp-method": "resources/read", "mcp-name": encodeHeaderValue("note://ä") },
    ],
    [
      "a task with its id",
      modern("tasks/get", { taskId: "t" }),
      { ...standard, "mcp-method": "tasks/get", "mcp-name": "t" },
    ],
    [
      "a notification by its header",
      { kind: "notification", method: "notifications/x", params: undefined },
      standard,
    ],
    [
      "a notification by its body",
      { kind: "notification", method: "notifications/x", params: { _meta: meta } },
      {},
    ],
  ])("%s", (_what, message, headers) => {
    expect(classifyPost(message, lookup(headers))).toEqual({
      ok: true,
      era: "modern",
      revision: "2026-07-28",
    });
  });
});

describe("classify takes as legacy", () => {
  it.each<[string, Message, Record<string, string>, string]>([
    [
      "initialize of a known revision",
      request("initialize", { protocolVersion: "2025-06-18" }),
      {},
      "2025-06-18",
    ],
    [
      "initialize of a revision to come, which is negotiated",
      request("initialize", { protocolVersion: "2099-01-01" }),
      {},
      "2099-01-01",
    ],
    [
      "a request that states its revision",
      request("tools/list"),
      { "mcp-protocol-version": "2025-11-25" },
      "2025-11-25",
    ],
    ["a request that states none", request("tools/list"), {}, "2025-03-26"],
    ["a request with other _meta", request("tools/list", { _meta: { progressToken: 1 } }), {}, "2025-03-26"],
    [
      "a response",
      { kind: "response", id: 1, isError: false },
      { "mcp-protocol-version": "2025-06-18" },
      "2025-06-18",
    ],
    [
      "a notification",
      { kind: "notification", method: "notifications/initialized", params: undefined },
      {},
      "2025-03-26",
    ],
  ])("%s", (_what, message, headers, revision) => {
    expect(classifyPost(message, lookup(headers))).toEqual({ ok: true, era: "legacy", revision });
  });
});

describe("classify refuses", () => {
  const call = { ...standard, "mcp-method": "tools/call", "mcp-name": "add" };
  const add = modern("tools/call", { name: "add" });
  it.each<[string, Message, Record<string, string>, number]>([
    ["a version header that disagrees", add, { ...call, "mcp-protocol-version": "2025-11-25" }, -32020],
    ["a method header that disagrees", add, { ...call, "mcp-method": "tools/list" }, -32020],
    ["a method header in another case", add, { ...call, "mcp-method": "Tools/Call" }, -32020],
    ["a name header that disagrees", add, { ...call, "mcp-name": "delete" }, -32020],
    ["a name header that is no base64", add, { ...call, "mcp-name": "=?base64?%%?=" }, -32020],
    ["a missing version header", add, { "mcp-method": "tools/call", "mcp-name": "add" }, -32020],
    ["a missing method header", add, { ...standard, "mcp-name": "add" }, -32020],
    ["a missing name header", add, { ...standard, "mcp-method": "tools/call" }, -32020],
    [
      "an envelope without capabilities",
      modern("tools/list", {}, { "io.modelcontextprotocol/clientCapabilities": undefined }),
      { ...standard, "mcp-method": "tools/list" },
      -32602,
    ],
    ["an envelope without version under a modern header", request("tools/list", {}), standard, -32602],
    [
      "a modern claim of a revision to come",
      modern("tools/list", {}, { "io.modelcontextprotocol/protocolVersion": "2099-01-01" }),
      { "mcp-protocol-version": "2099-01-01", "mcp-method": "tools/list" },
      -32022,
    ],
    [
      "a modern claim of an old revision",
      modern("tools/list", {}, { "io.modelcontextprotocol/protocolVersion": "2025-11-25" }),
      {},
      -32022,
    ],
    [
      "a legacy request of no known revision",
      request("tools/list"),
      { "mcp-protocol-version": "1.0" },
      -32022,
    ],
  ])("%s", (_what, message, headers, code) => {
    expect(classifyPost(message, lookup(headers))).toMatchObject({
      ok: false,
      rejection: { status: 400, code },
    });
  });

  it("contains the supported revisions and the requested one", () => {
    expect(classifyPost(request("tools/list"), lookup({ "mcp-protocol-version": "1.0" }))).toMatchObject({
      rejection: { data: { supported: ["2026-07-28"], requested: "1.0" } },
    });
  });

  it("repeats only the beginning of what it was sent", () => {
    const answer = classifyPost(modern("tools/call", { name: "x".repeat(10_000) }), lookup(call));
    expect(JSON.stringify(answer).length).toBeLessThan(500);
  });
});

describe("batches", () => {
  it.each([
    [undefined, true],
    ["2025-03-26", true],
    ["2024-11-05", false],
    ["2025-06-18", false],
    ["2026-07-28", false],
  ])("in %s: %s", (revision, ok) => {
    expect(classifyBatch(() => revision).ok).toBe(ok);
  });
});

describe("header values", () => {
  it("come back as they were, whatever they hold, and are plain ASCII on the way", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (value) => {
        fc.pre(value.isWellFormed());
        const encoded = encodeHeaderValue(value);
        expect(encoded).toMatch(/^[\x20-\x7e]+$/);
        expect(encoded.trim()).toBe(encoded);
        expect(decodeHeaderValue(encoded)).toBe(value);
      }),
    );
  });

  it.each(["add", "a b", "note://x"])("%s needs no encoding", (value) => {
    expect(encodeHeaderValue(value)).toBe(value);
  });

  it.each([" edge", "ü", "=?base64?eA==?=", "line\nbreak"])("%j is encoded", (value) => {
    expect(encodeHeaderValue(value)).toMatch(/^=\?base64\?.*\?=$/);
  });
});
