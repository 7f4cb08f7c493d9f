import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeCapabilities } from "../../../src/core/mcp/capabilities.ts";
import type { JsonObject } from "../../../src/core/mcp/json-rpc.ts";

describe("mergeCapabilities", () => {
  it.each<[string, JsonObject[], JsonObject]>([
    ["nothing of no server", [], {}],
    [
      "notifications that any server sends",
      [
        { tools: { listChanged: true } },
        { tools: {} },
        { resources: { subscribe: true } },
        { resources: { listChanged: true } },
      ],
      { tools: { listChanged: true }, resources: { listChanged: true, subscribe: true } },
    ],
    [
      "no notifications that no server sends",
      [{ prompts: { listChanged: false } }, { prompts: {} }],
      { prompts: {} },
    ],
    [
      "features that any server has",
      [{ logging: {} }, { completions: {} }],
      { logging: {}, completions: {} },
    ],
    [
      "unknown extensions",
      [{ extensions: { "x.y/z": { deep: [1] } } }, { extensions: { "io.modelcontextprotocol/tasks": {} } }],
      { extensions: { "x.y/z": { deep: [1] }, "io.modelcontextprotocol/tasks": {} } },
    ],
    [
      "of an extension what all that have it agree on",
      [
        { extensions: { e: { types: ["a", "b"], same: 1, mode: "x", only: true, deep: { p: 1, q: 2 } } } },
        { extensions: { e: { types: ["b", "c"], same: 1, mode: "y", deep: { q: 2, p: 3 } } } },
        {},
      ],
      { extensions: { e: { types: ["b"], same: 1, deep: { q: 2 } } } },
    ],
    [
      "an extension about which nothing is agreed",
      [{ extensions: { e: { a: 1 } } }, { extensions: { e: true } }],
      { extensions: { e: {} } },
    ],
    [
      "experiments likewise",
      [{ experimental: { e: { a: 1 } } }, { experimental: { e: { a: 2 }, f: {} } }],
      { experimental: { e: {}, f: {} } },
    ],
    [
      "the tasks of 2025-11-25",
      [
        { tasks: { list: {}, requests: { tools: { call: {} } } } },
        { tasks: { cancel: {}, requests: { tools: {} } } },
      ],
      { tasks: { list: {}, requests: { tools: { call: {} } }, cancel: {} } },
    ],
    [
      "unknown capabilities",
      [{ future: { a: 1 } }, { future: { a: 1, b: 2 } }, { odd: 1 }, { odd: 2 }],
      { future: { a: 1 } },
    ],
    [
      "unknown members of features",
      [{ tools: { new: 1 } }, { tools: { new: 1, listChanged: true } }],
      { tools: { new: 1, listChanged: true } },
    ],
    ["nothing that is malformed", [{ tools: true, extensions: [], experimental: null }], {}],
  ])("announces %s", (_what, servers, expected) => {
    expect(mergeCapabilities(servers)).toEqual(expected);
  });

  it("announces the capabilities of a single well-formed server unchanged", () => {
    const one = {
      tools: { listChanged: true },
      logging: {},
      extensions: { "a/b": { c: [1, { d: null }] } },
      x: [1],
    };
    expect(mergeCapabilities([one])).toEqual(one);
    expect(mergeCapabilities([one, one])).toEqual(one);
  });

  it("takes whatever servers send", () => {
    const word = fc.constantFrom(
      "tools",
      "extensions",
      "tasks",
      "__proto__",
      "constructor",
      "listChanged",
      "toString",
    );
    const tree = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(null, true, 1, "x"),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.array(fc.tuple(word, tie("node")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
      ),
    })).node;
    const table = fc.array(fc.tuple(word, tree)).map((entries): JsonObject => Object.fromEntries(entries));
    fc.assert(
      fc.property(fc.array(table, { maxLength: 4 }), (servers) => {
        const merged = mergeCapabilities(servers);
        for (const name of Object.keys(merged))
          expect(servers.some((one) => Object.hasOwn(one, name))).toBe(true);
        expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
      }),
    );
  });
});
