/** The documents: every relative link leads somewhere, and every command that they name exists. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const documents = ["README.md", ...globSync("{docs,src}/**/*.md")];
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync("package.json", "utf8")));

const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g;
const NPM_RUN = /npm run (?:-s )?([a-z][a-z:-]*)/g;
const SCRIPT = /node (scripts\/[\w./-]+)|run\.mjs ([\w./-]+\.ts)/g;
/** Paths in backquotes, of the folders that the documents name. A `…` or a pattern stands for many. */
const PATH = /`((?:src|tests|scripts|drizzle|docs)\/[\w./-]+)`/g;

const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, first, second]) => first ?? second ?? "");

describe.each(documents)("%s", (document) => {
  const text = readFileSync(document, "utf8");

  it("has no broken link", () => {
    const broken = matches(text, LINK).filter((link) => !existsSync(join(dirname(document), link)));
    expect(broken).toEqual([]);
  });

  it("names only commands that exist", () => {
    expect(matches(text, NPM_RUN).filter((name) => scripts[name] === undefined)).toEqual([]);
    const files = matches(text, SCRIPT).map((file) =>
      file.startsWith("scripts/") ? file : `scripts/${file}`,
    );
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});

// The changelog names files as they were.
describe.each(documents.filter((document) => !document.endsWith("CHANGELOG.md")))("%s", (document) => {
  it("names only files that exist", () => {
    const missing = matches(readFileSync(document, "utf8"), PATH).filter(
      (path) => ![path, `${path}.ts`, `${path}.tsx`].some((candidate) => existsSync(candidate)),
    );
    expect(missing).toEqual([]);
  });
});

it("the README is short", () => {
  expect(readFileSync("README.md", "utf8").split("\n").length).toBeLessThanOrEqual(140);
});
