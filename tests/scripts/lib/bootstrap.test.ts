// What decides, before anything is installed, whether to install; and the line that counts at the end.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { nodeProblem } from "../../../scripts/lib/bootstrap.mjs";
import { isInstalled } from "../../../scripts/lib/install.mjs";
import { parseTestArgs } from "../../../scripts/run/test-args.ts";
import {
  addCounts,
  countLine,
  countStage,
  countTests,
  listFailures,
} from "../../../scripts/run/test-count.ts";
import { selectStages } from "../../../scripts/run/test-stages.ts";

const root = mkdtempSync(join(tmpdir(), "bootstrap-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each([
  ["18.20.8", true],
  ["8.17.0", true],
  ["20.0.0", false],
  ["24.1.0", false],
])("Node %s is too old: %s", (version, old) => {
  expect(nodeProblem(version) !== undefined).toBe(old);
});

let count = 0;
const entry = (version: string, rest = {}) => ({ version, integrity: `sha512-${version}`, ...rest });

function project(wanted: object, installed?: object): string {
  const dir = join(root, String(count++));
  mkdirSync(join(dir, "node_modules"), { recursive: true });
  lock(join(dir, "package-lock.json"), { "": { name: "x" }, ...wanted });
  if (installed !== undefined) lock(join(dir, "node_modules", ".package-lock.json"), installed);
  return dir;
}

function lock(file: string, packages: object): void {
  writeFileSync(file, JSON.stringify({ packages }));
}

test.each([
  ["nothing is installed", { a: entry("1") }, undefined, false],
  ["everything is", { a: entry("1") }, { a: entry("1") }, true],
  ["a version differs", { a: entry("2") }, { a: entry("1") }, false],
  ["a package is missing", { a: entry("1"), b: entry("1") }, { a: entry("1") }, false],
  [
    "another platform's is missing",
    { a: entry("1"), b: entry("1", { optional: true }) },
    { a: entry("1") },
    true,
  ],
])("whether to install when %s", (_, wanted, installed, expected) => {
  expect(isInstalled(project(wanted, installed))).toBe(expected);
});

test("a lockfile or an installation that changes afterwards is noticed", () => {
  const dir = project({ a: entry("1") }, { a: entry("1") });
  expect(isInstalled(dir)).toBe(true);
  lock(join(dir, "package-lock.json"), { a: entry("2") });
  expect(isInstalled(dir)).toBe(false);
  lock(join(dir, "node_modules", ".package-lock.json"), { a: entry("2") });
  expect(isInstalled(dir)).toBe(true);
  lock(join(dir, "node_modules", ".package-lock.json"), { a: entry("3") });
  expect(isInstalled(dir)).toBe(false);
});

test("the last line counts files that could not be loaded as failures", () => {
  const counts = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 };
  const testResults = [{ name: "/p/a.test.ts", status: "failed", assertionResults: [] }];
  expect(countLine(countTests(JSON.stringify({ ...counts, testResults })))).toBe(
    "3 passed, 2 failed, 2 skipped",
  );
  expect(countLine(countTests(undefined))).toBe("0 passed, 1 failed, 0 skipped");
});

test("lists at the end what failed and why", () => {
  const counts = { numPassedTests: 1, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 };
  const testResults = [
    { name: "/p/tests/a.test.ts", status: "failed", message: "no such module", assertionResults: [] },
    {
      name: "/p/tests/b.test.ts",
      status: "failed",
      assertionResults: [
        { status: "passed", fullName: "adds" },
        {
          status: "failed",
          fullName: "subtracts",
          failureMessages: [["expected 1", ...Array(20).fill("at x")].join("\n")],
        },
      ],
    },
  ];
  const failures = listFailures(JSON.stringify({ ...counts, testResults }), "/p");
  expect(failures).toHaveLength(2);
  expect(failures[0]).toBe("tests/a.test.ts\n  no such module");
  expect(failures[1]).toMatch(/^tests\/b\.test\.ts > subtracts\n {2}expected 1\n {2}at x/);
  expect(failures[1]?.split("\n")).toHaveLength(9);
  expect(listFailures(undefined, "/p")).toEqual([]);
});

test("counts a stage by the last line of its output", () => {
  expect(countStage("scenarios …\n\n7 passed, 2 failed\n")).toEqual({ passed: 7, failed: 2, skipped: 0 });
  expect(countStage("The suite could not start.")).toEqual({ passed: 0, failed: 1, skipped: 0 });
  const tests = { passed: 5, failed: 0, skipped: 1 };
  expect(countLine(addCounts(tests, countStage("7 passed, 2 failed")))).toBe(
    "12 passed, 2 failed, 1 skipped",
  );
});

test("arguments after -- go to vitest", () => {
  expect(parseTestArgs(["--", "-t", "x"])).toEqual({ selection: "all", vitest: ["-t", "x"] });
  expect(parseTestArgs(["--only", "unit", "--", "tests/db", "-t", "x"])).toEqual({
    selection: "unit",
    vitest: ["tests/db", "-t", "x"],
  });
  expect(parseTestArgs(["--only=security"])).toEqual({ selection: "security", vitest: [] });
  expect(parseTestArgs(["--only=security", "--long"])).toEqual({
    selection: "security",
    isLong: true,
    vitest: [],
  });
  expect(() => parseTestArgs(["--long"])).toThrow(/--long requires --only security/);
  expect(() => parseTestArgs(["--onyl"])).toThrow(/Unknown option '--onyl'/);
  expect(() => parseTestArgs(["--only", "fast"])).toThrow(/Unknown argument --only fast/);
});

test("selects the pure and the workerd tests for unit, and what a change touches for changed", () => {
  expect(parseTestArgs(["--only=unit"])).toEqual({
    selection: "unit",
    vitest: ["--project=core", "--project=workerd"],
  });
  expect(parseTestArgs(["--changed"])).toEqual({ selection: "changed", vitest: ["--changed=main"] });
  expect(parseTestArgs(["--changed", "--base", "HEAD~1", "--", "-u"])).toEqual({
    selection: "changed",
    vitest: ["--changed=HEAD~1", "-u"],
  });
});

test("runs only the tests when a part of them is selected, and every stage otherwise", () => {
  const names = (args: string[]) => selectStages(parseTestArgs(args), []).map(({ name }) => name);
  expect(names(["--only", "unit"])).toEqual(["tests"]);
  expect(names(["--changed"])).toEqual(["tests"]);
  expect(names([])).not.toContain("conformance");
  expect(names(["--ci"])).toEqual(
    expect.arrayContaining([...names([]), "build and dry deployment", "conformance"]),
  );
  expect(names(["--only", "security"])).toEqual(["tests"]);
  expect(names([])).toEqual(expect.arrayContaining(["Worker types", "type check", "Biome", "tests"]));
});
