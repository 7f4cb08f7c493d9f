// Reading of one old row: what is repaired, what is left empty, what is rejected.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RowReader, repairMojibake, toUuid } from "../../../scripts/migrate-legacy/row-reader.ts";

const EXPORTED_AT = new Date("2026-11-28T00:00:00Z");
const reader = (row: Record<string, unknown>) => new RowReader(row, EXPORTED_AT);

describe("a time", () => {
  it.each([
    ["2024-03-31T02:30:00", "2024-03-31T02:30:00.000Z"],
    ["2024-03-31 02:30:00.123456", "2024-03-31T02:30:00.123Z"],
    ["2024-03-31T02:30:00+02:00", "2024-03-31T00:30:00.000Z"],
    ["2024-03-31T02:30:00Z", "2024-03-31T02:30:00.000Z"],
    ["2024-03-31T02:30:00+00", "2024-03-31T02:30:00.000Z"],
    ["yesterday", null],
    ["infinity", null],
    ["", null],
    [17, null],
  ])("of %j is %j", (text, expected) => {
    expect(reader({ at: text }).time("at")).toBe(expected);
  });

  it("of an event is between 2000 and the export", () => {
    const ahead = reader({ at: "2199-01-01T00:00:00" });
    expect(ahead.eventTime("at", "at")).toBe(EXPORTED_AT.toISOString());
    expect([...ahead.repairs]).toEqual(["at: in the future, set to the time of the export"]);
    expect(() => reader({ at: "1970-01-01T00:00:00" }).eventTime("at", "at")).toThrow(
      "before the old system",
    );
    expect(reader({ at: null, created: "2024-01-01" }).eventTime("at", "created")).toBe(
      "2024-01-01T00:00:00.000Z",
    );
  });
});

describe("text", () => {
  it.each([
    ["MÃ¼ller", "Müller"],
    ["CafÃ© â€“ Bar", "Café – Bar"],
    ["Müller", "Müller"],
    ["São Paulo Ã", "São Paulo Ã"],
    ["日本", "日本"],
  ])("%s is read as %s", (text, expected) => {
    expect(repairMojibake(text)).toBe(expected);
  });

  it("that was read in the wrong encoding is restored, and sound text stays as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (text) => {
        const misread = new TextDecoder("windows-1252").decode(new TextEncoder().encode(`é${text}`));
        expect(repairMojibake(misread)).toBe(`é${text}`);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
        expect(repairMojibake(text)).toBe(text);
      }),
    );
  });

  it("without what PostgreSQL refuses, and cut to its length", () => {
    const row = reader({ name: `a\u0000${"x".repeat(20)}` });
    expect(row.text("name", 10)).toHaveLength(10);
    expect(row.text("name", 10)).not.toContain("\u0000");
    expect([...row.repairs]).toContain("name: cut to 10 characters");
  });
});

describe("JSON", () => {
  it.each<[unknown, unknown]>([
    [{ a: 1 }, { a: 1 }],
    ['{"a": 1}', { a: 1 }],
    [null, {}],
    ['{"a": 1', { text: '{"a": 1' }],
    [[1], { text: [1] }],
  ])("%j is the object %j", (value, expected) => {
    expect(reader({ value }).object("value")).toEqual(expected);
  });

  it.each<[unknown, unknown[]]>([
    [["a"], ["a"]],
    ['["a"]', ["a"]],
    ["{}", []],
    [null, []],
  ])("%j is the list %j", (value, expected) => {
    expect(reader({ value }).list("value")).toEqual(expected);
  });
});

describe("words and numbers", () => {
  it("are read in any case, and replaced only where there is a fallback", () => {
    const words = ["healthy", "half_open", "priority-failover"] as const;
    expect(reader({ w: "HALF_OPEN" }).word("w", words, undefined)).toBe("half_open");
    expect(reader({ w: "PRIORITY_FAILOVER" }).word("w", words, undefined)).toBe("priority-failover");
    expect(reader({ w: "odd" }).word("w", words, "healthy")).toBe("healthy");
    expect(() => reader({ w: "odd" }).word("w", words, undefined)).toThrow(
      'w is "odd", which is no known value',
    );
  });

  it("are within their bounds, whatever is stored", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const count = reader({ value: typeof value === "symbol" ? null : value });
        const result = typeof value === "object" ? 5 : count.count("value", 5, 10, 1);
        expect(result).toBeGreaterThanOrEqual(1);
        expect(result).toBeLessThanOrEqual(10);
      }),
    );
  });

  it("keeps a UUID, and makes the same one of the same other ID", () => {
    const id = crypto.randomUUID();
    expect(toUuid("servers", id.toUpperCase())).toBe(id);
    expect(toUuid("servers", "7")).toBe(toUuid("servers", "7"));
    expect(toUuid("servers", "7")).not.toBe(toUuid("tools", "7"));
    expect(toUuid("servers", "7")).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});
