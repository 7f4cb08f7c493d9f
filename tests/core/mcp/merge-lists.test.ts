import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/mcp/json-rpc.ts";
import {
  type ListPart,
  mergeInstructions,
  mergeLists,
  parseListPart,
  UNAVAILABLE_META,
} from "../../../src/core/mcp/merge-lists.ts";

describe("mergeInstructions", () => {
  it("puts each server's text under its title", () => {
    expect(
      mergeInstructions([
        { title: "Files\n## and more", text: " Read.\n" },
        { title: "Silent", text: undefined },
        { title: "Blank", text: " \n" },
        { title: "Search", text: "Find." },
      ]),
    ).toBe("## Files ## and more\n\nRead.\n\n## Search\n\nFind.");
    expect(mergeInstructions([{ title: "Silent", text: "" }])).toBe(undefined);
  });

  it("cuts the longest first and to the same length", () => {
    const merged = mergeInstructions(
      [
        { title: "A", text: "a".repeat(5000) },
        { title: "B", text: "b" },
        { title: "C", text: "c".repeat(5000) },
      ],
      1000,
    );
    const [, a, , b, , c] = (merged ?? "").split("\n\n");
    expect(b).toBe("b");
    expect(a).toMatch(/^a{400,}…$/);
    expect(c?.length).toBe(a?.length);
  });

  it("is never longer than allowed, tears no character apart, and leaves out the last servers if it must", () => {
    const servers = fc.array(
      fc.record({
        title: fc.string({ unit: "grapheme" }),
        text: fc.oneof(
          fc.string({ unit: "grapheme" }),
          fc.nat(900).map((count) => "😀".repeat(count)),
        ),
      }),
    );
    fc.assert(
      fc.property(servers, fc.integer({ min: 0, max: 3000 }), (all, limit) => {
        const merged = mergeInstructions(all, limit) ?? "";
        expect(merged.length).toBeLessThanOrEqual(limit);
        expect(merged.isWellFormed()).toBe(true);
        expect(mergeInstructions(all, limit) ?? "").toBe(merged);
      }),
    );
    const many = Array.from({ length: 50 }, (_, position) => ({
      title: `S${position}`,
      text: "x".repeat(1000),
    }));
    const merged = mergeInstructions(many, 3000) ?? "";
    expect(merged).toContain("## S0\n");
    expect(merged).not.toContain("## S49\n");
  });
});

describe("mergeLists", () => {
  const named = (...names: string[]): ListPart => ({
    items: names.map((name) => ({ name })),
    ttlMs: 10,
    cacheScope: "public",
  });
  const namesOf = (list: unknown) => Array.isArray(list) && list.map((item) => item.name);

  it("sorts tools by name and everything else by server, then name", () => {
    const parts = [named("b", "d"), named("C", "a")];
    expect(namesOf(mergeLists("tools/list", parts, { era: "modern" }).tools)).toEqual(["C", "a", "b", "d"]);
    expect(namesOf(mergeLists("prompts/list", parts, { era: "modern" }).prompts)).toEqual([
      "b",
      "d",
      "C",
      "a",
    ]);
    const resources = [{ items: [{ name: "n", uri: "x:2" }, { name: "n", uri: "x:1" }, { uri: "x:3" }] }];
    expect(mergeLists("resources/list", resources, { era: "legacy" })).toEqual({
      resources: [{ uri: "x:3" }, { name: "n", uri: "x:1" }, { name: "n", uri: "x:2" }],
    });
  });

  it.each<[string, Partial<ListPart>[], number, string]>([
    [
      "the smallest lifetime",
      [
        { ttlMs: 5, cacheScope: "public" },
        { ttlMs: 3, cacheScope: "public" },
      ],
      3,
      "public",
    ],
    [
      "private if any is",
      [
        { ttlMs: 5, cacheScope: "public" },
        { ttlMs: 5, cacheScope: "private" },
      ],
      5,
      "private",
    ],
    [
      "private if it depends on the caller",
      [{ ttlMs: 5, cacheScope: "public", isPersonal: true }],
      5,
      "private",
    ],
    ["no lifetime from servers that state none", [{ ttlMs: 5, cacheScope: "public" }, {}], 0, "private"],
    ["no lifetime of no server", [], 0, "private"],
  ])("returns %s", (_what, parts, ttlMs, cacheScope) => {
    const all = parts.map((part) => ({ items: [], ...part }));
    expect(mergeLists("tools/list", all, { era: "modern" })).toEqual({
      resultType: "complete",
      tools: [],
      ttlMs,
      cacheScope,
    });
  });

  it("reports its gaps, in either era", () => {
    const gaps = [
      { server: "b", reason: "no answer in time", stale: true },
      { server: "a", reason: "down", stale: false },
    ];
    const merged = mergeLists("tools/list", [named("x")], { era: "legacy", gaps });
    expect(merged).toEqual({
      tools: [{ name: "x" }],
      _meta: { [UNAVAILABLE_META]: gaps.toReversed() },
    });
  });

  it("reports its gaps by a key that the specification allows and does not reserve", () => {
    expect(UNAVAILABLE_META).toMatch(
      /^(?:[a-z](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?\/[a-z]+$/,
    );
    expect(["mcp", "modelcontextprotocol"]).not.toContain(UNAVAILABLE_META.split(/[./]/)[1]);
  });
});

describe("parseListPart", () => {
  it.each<[JsonObject, ListPart]>([
    [
      { tools: [{ name: "a" }], ttlMs: 5, cacheScope: "public" },
      { items: [{ name: "a" }], ttlMs: 5, cacheScope: "public" },
    ],
    [{ tools: [1, null, { name: "a" }] }, { items: [{ name: "a" }] }],
    [{ tools: {}, ttlMs: -1, cacheScope: "shared" }, { items: [] }],
    [{ ttlMs: 1.7 }, { items: [], ttlMs: 1 }],
    [{ ttlMs: "5" }, { items: [] }],
    [{ ttlMs: Number.NaN }, { items: [] }],
    [{ ttlMs: 1e300 }, { items: [], ttlMs: Number.MAX_SAFE_INTEGER }],
  ])("%j", (result, expected) => {
    expect(parseListPart("tools/list", result)).toEqual(expected);
  });
});
