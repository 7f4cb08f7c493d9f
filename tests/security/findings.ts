/**
 * The findings of the security review, each with the tests that reproduce the attack and would fail if it worked
 * again. `npm run test:security` runs exactly these tests and prints one line per finding; findings.node.test.ts
 * fails if a finding has no test or names one that does not exist.
 */
export interface Finding {
  readonly id: string;
  readonly title: string;
  readonly tests: readonly FindingTest[];
}

export interface FindingTest {
  readonly file: string;
  /** The beginning of the test's own name, as it is written in the file. */
  readonly name: string;
}

const inFile = (file: string, ...names: readonly string[]): FindingTest[] =>
  names.map((name) => ({ file, name }));

export const FINDINGS: readonly Finding[] = [
  {
    id: "S4",
    title: "Unbounded bodies of upstream responses",
    tests: inFile("tests/core/net/bounded-body.test.ts", "stops reading", "gives up a body"),
  },
];

const OWN_FILE = "tests/security/findings.node.test.ts";

/** The files that hold the tests, with the one that checks the table itself. */
export function testFilesOfFindings(): string[] {
  const files = FINDINGS.flatMap(({ tests }) => tests.map(({ file }) => file));
  return [...new Set([OWN_FILE, ...files])];
}

/** Fits the full names of exactly these tests. */
export function namesOfFindings(): RegExp {
  const names = FINDINGS.flatMap(({ tests }) => tests.map(({ name }) => name));
  const escaped = ["the table of findings", ...names].map((name) =>
    name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
  );
  return new RegExp(escaped.join("|"));
}
