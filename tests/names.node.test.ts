/** Banned words (the glossary's rules) in identifiers, exported names and file names. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";
import { listExports, listFiles } from "./support/source-graph.ts";

const WORDS = [
  ...[
    "told",
    "heard",
    "tell",
    "hear",
    "asked",
    "whoever",
    "nobody",
    "somebody",
    "anybody",
    "purse",
    "leg",
    "door",
  ],
  ...[
    "house",
    "scene",
    "wanted",
    "wish",
    "wished",
    "doorbell",
    "goodbye",
    "patience",
    "catalogue",
    "sanitise",
  ],
  ...["synchronise", "organisation", "refusal", "refuse", "people", "letter", "heed", "outlook", "steering"],
];
const PREFIXES = ["MOST", "LEAST", "PATIENCE", "LOOK"];
/** Files whose name drizzle-kit and wrangler look for. */
const ENTRY_POINTS = ["src/index.ts", "src/db/schema/index.ts"];
const FILE_NAMES = ["index", "types", "parts", "utils", "group", "options"];

/** `withinTwoWords`, `MAX_WORDS` and `kebab-words` in lower-case words. */
function splitWords(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase());
}

function findFault(name: string): string | undefined {
  const words = splitWords(name);
  const word = words.find((each) => WORDS.includes(each));
  if (word !== undefined) return word;
  const [prefix = ""] = name.split("_");
  if (PREFIXES.includes(prefix) && name === name.toUpperCase()) return `${prefix}_`;
  const last = words.at(-1);
  return words.length > 1 && (last === "of" || last === "for") ? `…${last}` : undefined;
}

const files = listFiles("src/**/*.{ts,tsx}");

/** Words of earlier versions that no identifier of src and scripts may hold, local ones included. */
const WORDS_OF_NO_IDENTIFIER = [
  ...["told", "heard", "leg", "legs", "door", "purse", "house", "scene", "rung", "farewell", "doorbell"],
  ...["patience", "impatience", "nobody", "nobodys", "somebody", "whoever"],
];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function listIdentifiers(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(listIdentifiers);
  if (!isObject(node)) return [];
  const own = node.type === "Identifier" || node.type === "PrivateIdentifier" ? [String(node.name)] : [];
  return [...own, ...Object.values(node).flatMap(listIdentifiers)];
}

it("has no banned word in an identifier", () => {
  const faults = listFiles("{src,scripts}/**/*.{ts,tsx}").flatMap((file) => {
    const names = new Set(listIdentifiers(parseSync(file, readFileSync(file, "utf8")).program));
    return [...names]
      .filter((name) => splitWords(name).some((word) => WORDS_OF_NO_IDENTIFIER.includes(word)))
      .map((name) => `${file} ${name}`);
  });
  expect(faults).toEqual([]);
});

describe("exported names and file names", () => {
  it("has no banned word in an exported name", () => {
    const faults = listExports(files).flatMap(({ file, name }) => {
      const fault = findFault(name);
      return fault === undefined ? [] : [`${file} ${name}`];
    });
    expect(faults).toEqual([]);
  });

  it("has no banned word in a file name", () => {
    const faults = files.filter((file) => {
      const name = basename(file).replace(/\..*$/, "");
      return FILE_NAMES.includes(name) || splitWords(file).some((word) => WORDS.includes(word));
    });
    expect(faults.filter((file) => !ENTRY_POINTS.includes(file))).toEqual([]);
  });
});
