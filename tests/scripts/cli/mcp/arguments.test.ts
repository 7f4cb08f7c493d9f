import { describe, expect, it } from "vitest";
import { readArguments } from "../../../../scripts/cli/mcp/arguments.ts";

const SCHEMA = {
  type: "object",
  properties: {
    city: { type: "string", description: "Where." },
    days: { type: "integer" },
    tags: { type: "array" },
    free: {},
  },
  required: ["city", "days"],
};

describe("readArguments", () => {
  it.each([
    [["city=42"], { city: "42" }],
    [["days=42"], { days: 42 }],
    [['tags=["a"]'], { tags: ["a"] }],
    [["free=true"], { free: true }],
    [["free=a=b"], { free: "a=b" }],
    [["unknown=1"], { unknown: 1 }],
    [['{"city": "Paris"}', "days=2"], { city: "Paris", days: 2 }],
  ])("reads %j", async (texts, expected) => {
    expect(await readArguments(texts, SCHEMA, undefined)).toEqual(expected);
  });

  it.each([["days=two"], ["tags=a,b"], ["city"], ["=1"], ["{"], ["[1]"]])("refuses %j", async (text) => {
    await expect(readArguments([text], SCHEMA, undefined)).rejects.toMatchObject({ exitCode: 2 });
  });

  it("prompts for required arguments that are missing", async () => {
    const asked: string[] = [];
    const ask = async (name: string, hint: string) => {
      asked.push(`${name} (${hint})`);
      return name === "days" ? "3" : "Paris";
    };
    expect(await readArguments([], SCHEMA, ask)).toEqual({ city: "Paris", days: 3 });
    expect(asked).toEqual(["city (string: Where.)", "days (integer)"]);
  });
});
