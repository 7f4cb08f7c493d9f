import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/mcp/json-rpc.ts";
import { paginate } from "../../../src/core/mcp/list-pages.ts";

const listOf = (names: readonly string[]): JsonObject => ({
  tools: names.map((name) => ({ name })),
  ttlMs: 5,
});

const namesOf = (page: JsonObject | undefined) =>
  Array.isArray(page?.tools) ? page.tools.map((tool: { name: string }) => tool.name) : undefined;

const cursorOf = (page: JsonObject | undefined) =>
  typeof page?.nextCursor === "string" ? page.nextCursor : undefined;

function readAll(list: JsonObject, size: number): string[] {
  const read: string[] = [];
  let cursor: string | undefined;
  do {
    const page = paginate(list, "tools/list", cursor, size);
    read.push(...(namesOf(page) ?? []));
    cursor = cursorOf(page);
  } while (cursor !== undefined);
  return read;
}

describe("pages of a merged list", () => {
  it("together hold every item once, in order, whatever their size", () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 50 }), (all, size) => {
        expect(readAll(listOf(all), size)).toEqual(all);
      }),
    );
  });

  it("keep the other members of the result, and are the very result where one page contains all", () => {
    const list = listOf(["a", "b", "c"]);
    expect(paginate(list, "tools/list", undefined, 3)).toBe(list);
    expect(paginate(list, "tools/list", undefined, 2)).toMatchObject({ ttlMs: 5 });
  });

  it("neither repeat nor skip when the list changes in between", () => {
    const cursor = cursorOf(paginate(listOf(["a", "c", "e", "g"]), "tools/list", undefined, 2));
    expect(namesOf(paginate(listOf(["a", "b", "c", "d", "e"]), "tools/list", cursor, 9))).toEqual(["d", "e"]);
    expect(namesOf(paginate(listOf(["a", "b", "e", "g"]), "tools/list", cursor, 9))).toEqual(["e", "g"]);
    expect(namesOf(paginate(listOf([]), "tools/list", cursor, 9))).toEqual([]);
  });

  it("are not returned for a cursor of another list or a forged one", () => {
    const cursor = cursorOf(paginate(listOf(["a", "b"]), "tools/list", undefined, 1)) ?? "";
    expect(paginate(listOf(["a", "b"]), "prompts/list", cursor)).toBeUndefined();
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (invented) => {
        expect(paginate(listOf(["a", "b"]), "tools/list", invented)).toBeUndefined();
      }),
    );
  });
});
