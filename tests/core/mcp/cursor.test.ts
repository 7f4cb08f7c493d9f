import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBase64url } from "../../../src/core/base64url.ts";
import {
  type CursorKind,
  decodeCursor,
  encodeCursor,
  MAX_CURSOR_LENGTH,
  type Progress,
} from "../../../src/core/mcp/cursor.ts";

const KINDS: readonly CursorKind[] = [
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "tasks/list",
];
const kind = fc.constantFrom(...KINDS);
const server = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/);
const progress: fc.Arbitrary<Progress> = fc.oneof(
  fc.record({ at: fc.constant("cursor" as const), cursor: fc.string({ unit: "binary" }) }),
  fc.record({ at: fc.constant("cursor" as const), cursor: fc.constantFrom("", "\ud800", "0", "null") }),
  fc.record({ at: fc.constant("offset" as const), offset: fc.maxSafeNat() }),
  fc.constant({ at: "done" as const }),
);
const cursor = fc.record({
  kind,
  servers: fc
    .uniqueArray(fc.tuple(server, progress), { maxLength: 20, selector: ([name]) => name })
    .map((entries) => new Map(entries)),
});
const sealed = (value: unknown) => toBase64url(new TextEncoder().encode(JSON.stringify(value)));

describe("merged cursors", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(cursor, (state) => {
        const text = encodeCursor(state);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor(text ?? "", state.kind)).toEqual(state);
      }),
    );
  });

  it("hold for their own list only", () => {
    fc.assert(
      fc.property(cursor, kind, (state, other) => {
        const text = encodeCursor(state) ?? "";
        expect(decodeCursor(text, other) === undefined).toBe(other !== state.kind);
      }),
    );
  });

  it("are not made larger than they may come back", () => {
    const servers = new Map([["a", { at: "cursor", cursor: "x".repeat(7000) } as const]]);
    expect(encodeCursor({ kind: "tools/list", servers })).toBe(undefined);
    const long = sealed({ v: 1, k: "tools/list", s: [["a", "x".repeat(MAX_CURSOR_LENGTH)]] });
    expect(decodeCursor(long, "tools/list")).toBe(undefined);
  });

  it.each([
    [{ v: 2, k: "tools/list", s: [] }],
    [{ v: "1", k: "tools/list", s: [] }],
    [{ v: 1, k: "prompts/list", s: [] }],
    [{ v: 1, k: "tools/list" }],
    [{ v: 1, k: "tools/list", s: {} }],
    [{ v: 1, k: "tools/list", s: [], more: 1 }],
    [{ v: 1, k: "tools/list", s: [["a"]] }],
    [{ v: 1, k: "tools/list", s: [["a", -1]] }],
    [{ v: 1, k: "tools/list", s: [["a", 1.5]] }],
    [{ v: 1, k: "tools/list", s: [["a", 1e300]] }],
    [{ v: 1, k: "tools/list", s: [["a", true]] }],
    [{ v: 1, k: "tools/list", s: [["a", {}]] }],
    [{ v: 1, k: "tools/list", s: [["a", "x", 1]] }],
    [{ v: 1, k: "tools/list", s: [[1, "x"]] }],
    [{ v: 1, k: "tools/list", s: [["", "x"]] }],
    [{ v: 1, k: "tools/list", s: [["a/b", "x"]] }],
    [
      {
        v: 1,
        k: "tools/list",
        s: [
          ["a", 1],
          ["a", 2],
        ],
      },
    ],
    [{ v: 1, k: "tools/list", s: [null] }],
    [[]],
    [null],
    ["text"],
  ])("are not %j", (value) => {
    expect(decodeCursor(sealed(value), "tools/list")).toBe(undefined);
  });

  it("read garbage as nothing", () => {
    expect(decodeCursor("", "tools/list")).toBe(undefined);
    expect(decodeCursor("_w", "tools/list")).toBe(undefined);
    fc.assert(
      fc.property(fc.string(), kind, (text, list) => void expect(decodeCursor(text, list)).toBe(undefined)),
    );
    fc.assert(
      fc.property(fc.json(), kind, (json, list) => {
        expect(decodeCursor(toBase64url(new TextEncoder().encode(json)), list)).toBe(undefined);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), kind, (bytes, list) => {
        expect(decodeCursor(toBase64url(bytes), list)).toBe(undefined);
      }),
    );
  });
});
