/** What is stored of a resource: how it is read, and its size. */
import { describe, expect, it } from "vitest";
import { parseLossless } from "../../src/core/mcp/lossless-json.ts";
import { toResourceRow } from "../../src/discovery/inventory-rows.ts";

const SUBSCRIBE = { resources: { subscribe: true } };

describe("the row of a resource", () => {
  it.each([
    ["read", "resources/list", {}],
    ["read", "resources/list", { resources: { subscribe: false } }],
    ["subscribe", "resources/list", SUBSCRIBE],
    ["template", "resources/templates/list", SUBSCRIBE],
  ] as const)(
    "has the access pattern %s for %s of a server with %j",
    (accessPattern, method, capabilities) => {
      expect(toResourceRow(method, "file:///a", { name: "a" }, capabilities)).toMatchObject({
        accessPattern,
      });
    },
  );

  it.each([
    ["512", 512],
    ["1e3", 1000],
    ["0", 0],
    ["-1", null],
    ["1.5", null],
    ["1e400", null],
    ['"512"', null],
    ["null", null],
  ])("keeps the size %s as %s", (text, size) => {
    const item = parseLossless(`{"name":"a","size":${text}}`);
    if (typeof item !== "object" || item === null) throw new Error("no object");
    expect(toResourceRow("resources/list", "file:///a", { ...item }, {})).toMatchObject({ size });
  });
});
