/**
 * Checks the strings of src, scripts and tests, all comments and all documents against docs/LANGUAGE.md. Rendered pages are
 * checked wherever a browser test opens them (fixtures/plain-language.ts).
 */
import { globSync, readFileSync } from "node:fs";
import { parseSync } from "vite";
import { describe, expect, it } from "vitest";
import { findBannedProseWords, findBannedWords } from "./support/vocabulary.ts";

/** Texts that are contracts: the MCP protocol, routes, permissions, stored values and programs outside this project. */
const CONTRACTS: ReadonlySet<string> = new Set([
  "cancelled",
  "notifications/cancelled",
  "registry-sources.synchronise",
  "catalogue/tools",
  "/account/organisations",
  "nobody",
  "PostgreSQL does not run as root and the user `nobody` does not exist: run this as a normal user, or set DATABASE_URL.",
  // The stored reason that migration 0023 renames.
  "by hand",
  // The name of a form field.
  "remember",
  // The stop words of tool search.
  "a an and are as at be by can do for from how i in into is it me my of on or our please that the this to us want we what which with you",
]);

/** What others write: definitions and answers of the tests' servers, prompt injections, and the words of this test. */
const FOREIGN_TEXTS = [
  "src/core/discovery/injection-phrases.ts",
  "tests/fixtures/",
  "tests/vocabulary.node.test.ts",
  "tests/names.node.test.ts",
];

interface Text {
  readonly value: string;
  readonly offset: number;
}

/** Tests send and expect names of every kind: paths, addresses, made-up members. */
const isName = (value: string): boolean => !/\s/.test(value) || value.startsWith("{");

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** Returns the string literals, template parts and JSX texts below a node; import paths are names, not texts. */
function textsIn(node: unknown): Text[] {
  if (Array.isArray(node)) return node.flatMap(textsIn);
  if (!isObject(node)) return [];
  const { type, start, value } = node;
  const offset = typeof start === "number" ? start : 0;
  if (type === "Literal" || type === "JSXText") return typeof value === "string" ? [{ value, offset }] : [];
  if (type === "TemplateElement") return isObject(value) ? [{ value: String(value.raw), offset }] : [];
  const isImport = type === "ImportDeclaration" || type === "ImportExpression";
  return isImport ? [] : Object.values(node).flatMap(textsIn);
}

/** Returns the findings in the strings and comments of a file, each with its line. */
function findingsIn(file: string): string[] {
  const source = readFileSync(file, "utf8");
  // Most files are not worth parsing.
  if (findBannedProseWords(source).length === 0 && findBannedWords(source).length === 0) return [];
  const { program, comments, errors } = parseSync(file, source);
  expect(errors, file).toEqual([]);
  const strings = FOREIGN_TEXTS.some((path) => file.startsWith(path)) ? [] : textsIn(program);
  const found = [
    ...strings
      .filter(({ value }) => !CONTRACTS.has(value) && !(file.startsWith("tests/") && isName(value)))
      .flatMap(({ value, offset }) => findBannedWords(value).map((word) => ({ word, value, offset }))),
    ...comments.flatMap(({ value, start }) =>
      findBannedProseWords(value).map((word) => ({ word, value, offset: start })),
    ),
  ];
  return found.map(
    ({ word, value, offset }) =>
      `${file}:${source.slice(0, offset).split("\n").length} ${word} in ${JSON.stringify(value)}`,
  );
}

it("finds banned words, and not those that only look like them", () => {
  expect(findBannedWords("Whoever has an e-mail address is told.")).toEqual([
    "whoever",
    "e-mail",
    "is told",
    "told",
  ]);
  expect(findBannedWords("The server knows what a client wants, and lets go.")).toEqual([
    "knows",
    "wants",
    "lets go",
  ]);
  expect(findBannedWords("Canceled by an organization admin. Ask an admin for access.")).toEqual([]);
});

it("finds banned words in the prose of a comment, and not in names", () => {
  expect(findBannedProseWords(" Whoever stands at the door.")).toEqual(["whoever", "door"]);
  expect(
    findBannedProseWords(" Sends `notifications/cancelled` as user `nobody`; see tests/door.ts."),
  ).toEqual([]);
});

describe("strings and comments", () => {
  it.each([
    { folder: "src", least: 500 },
    { folder: "scripts", least: 150 },
    { folder: "tests", least: 300 },
  ])("of $folder have no banned word", ({ folder, least }) => {
    const files = globSync(`${folder}/**/*.{ts,tsx,js,mjs}`).map((file) => file.replaceAll("\\", "/"));
    expect(files.length).toBeGreaterThan(least);
    expect(files.flatMap(findingsIn)).toEqual([]);
  });
});

/** Code consists of names; quoted words are mentioned, not used. */
const CODE = /```[\s\S]*?```|`[^`]*`|"[^"]*"/g;

it.each(["README.md", ...globSync("{docs,src,.github}/**/*.md")])("%s has no banned word", (document) => {
  expect(findBannedProseWords(readFileSync(document, "utf8").replace(CODE, ""))).toEqual([]);
});
