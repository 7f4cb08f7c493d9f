/** Checks the string literals and JSX texts of src and scripts, and all comments, against docs/LANGUAGE.md. */
import { globSync, readFileSync } from "node:fs";
import { parseSync } from "vite";
import { expect, it } from "vitest";
import { findBannedCommentWords, findBannedWords } from "./support/vocabulary.ts";

/** Texts that are contracts: the MCP protocol, routes, permissions, stored values and programs outside this project. */
const CONTRACTS: ReadonlySet<string> = new Set([
  "cancelled",
  "notifications/cancelled",
  "registry-sources.synchronise",
  "catalogue/tools",
  "/account/organisations",
  "nobody",
  "PostgreSQL does not run as root and the user `nobody` does not exist: run this as a normal user, or set DATABASE_URL.",
]);

const FILES = globSync("{src,scripts}/**/*.{ts,tsx,js}").map((file) => file.replaceAll("\\", "/"));

interface Text {
  readonly value: string;
  readonly offset: number;
}

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

function findingsIn(file: string): string[] {
  const source = readFileSync(file, "utf8");
  const { program, errors } = parseSync(file, source);
  expect(errors, file).toEqual([]);
  return textsIn(program)
    .filter(({ value }) => !CONTRACTS.has(value))
    .flatMap(({ value, offset }) =>
      findBannedWords(value).map(
        (word) => `${file}:${source.slice(0, offset).split("\n").length} ${word} in ${JSON.stringify(value)}`,
      ),
    );
}

it("finds banned words, and not those that only look like them", () => {
  expect(findBannedWords("Whoever has an e-mail address is told.")).toEqual(["whoever", "e-mail", "is told"]);
  expect(findBannedWords("Canceled by an organization admin.")).toEqual([]);
});

it("uses no banned word in a string of src and scripts", () => {
  expect(FILES.length).toBeGreaterThan(500);
  expect(FILES.flatMap(findingsIn)).toEqual([]);
});

const COMMENTED = globSync("{src,scripts,tests}/**/*.{ts,tsx,js,mjs}").map((file) =>
  file.replaceAll("\\", "/"),
);

function commentFindingsIn(file: string): string[] {
  const source = readFileSync(file, "utf8");
  return parseSync(file, source).comments.flatMap(({ value, start }) =>
    findBannedCommentWords(value).map(
      (word) => `${file}:${source.slice(0, start).split("\n").length} ${word} in ${JSON.stringify(value)}`,
    ),
  );
}

it("finds banned words in the prose of a comment, and not in names", () => {
  expect(findBannedCommentWords(" Whoever asks is told at the door.")).toEqual([
    "whoever",
    "is told",
    "told",
    "door",
  ]);
  expect(
    findBannedCommentWords(" Sends `notifications/cancelled` as user `nobody`; see tests/door.ts."),
  ).toEqual([]);
});

it("uses no banned word in a comment of src, scripts and tests", () => {
  expect(COMMENTED.length).toBeGreaterThan(1000);
  expect(COMMENTED.flatMap(commentFindingsIn)).toEqual([]);
});
