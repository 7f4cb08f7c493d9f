/**
 * Every regular expression literal of src, judged by recheck (automaton analysis and fuzzing): none may take more than
 * linear time on hostile text, unless the text that it sees is bounded. What recheck cannot decide in time is covered
 * by tests/core/linear-time.test.ts, which runs the readers of outside text on adversarial input.
 */
import { globSync, readFileSync } from "node:fs";
import { checkSync } from "recheck";
import { parseAst } from "vite";
import { describe, expect, it } from "vitest";

/** Polynomial, and why that is harmless. */
const BOUNDED: Readonly<Record<string, string>> = {
  "src/core/sanitize-payload.ts": "cleanText cuts the text to 4,000 characters first",
  "src/admin/servers/register.tsx": "the name is cut to 200 characters first",
  "src/registry/sync.ts": "an admin's address of a source, at most 500 characters",
  "src/core/settings/tracing.ts": "an admin's address of a collector, at most 500 characters",
};

interface Expression {
  readonly file: string;
  readonly pattern: string;
  readonly flags: string;
}

function expressionsIn(file: string): Expression[] {
  const found: Expression[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("regex" in node && isRegex(node.regex)) found.push({ file, ...node.regex });
    Object.values(node).forEach(visit);
  };
  visit(parseAst(readFileSync(file, "utf8"), { lang: file.endsWith(".tsx") ? "tsx" : "ts" }));
  return found;
}

const isRegex = (value: unknown): value is { pattern: string; flags: string } =>
  typeof value === "object" && value !== null && "pattern" in value && "flags" in value;

const files = globSync("src/**/*.{ts,tsx}").map((file) => file.replaceAll("\\", "/"));
const expressions = files.flatMap(expressionsIn);

/** For one expression; most take a few milliseconds. */
const WAIT_TIMEOUT_MS = 1000;

describe("the regular expressions of src", () => {
  it("are found", () => {
    expect(expressions.length).toBeGreaterThan(150);
  });

  it("take linear time, or see bounded text only", { timeout: 600_000 }, () => {
    const judged = new Map<string, string>();
    const slow = expressions.filter(({ pattern, flags }) => {
      const key = `/${pattern}/${flags}`;
      const known = judged.get(key) ?? checkSync(pattern, flags, { timeout: WAIT_TIMEOUT_MS }).status;
      judged.set(key, known);
      return known === "vulnerable";
    });
    const unexplained = slow.filter(({ file }) => !(file in BOUNDED));
    expect(unexplained.map(({ file, pattern }) => `${file}: /${pattern}/`)).toEqual([]);
  });
});
