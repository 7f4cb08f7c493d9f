// Counts tests from vitest's JSON report, for the last line of `npm test`.
import { relative } from "node:path";
import { z } from "zod";

export type Counts = { passed: number; failed: number; skipped: number };

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(""),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          failureMessages: z.array(z.string()).default([]),
        }),
      ),
    }),
  ),
});

const MAX_MESSAGE_LINES = 8;
const MAX_FAILURES = 20;

type Report = z.infer<typeof report>;

const parseReport = (text: string | undefined): Report | undefined =>
  report.safeParse(text === undefined ? undefined : JSON.parse(text)).data;

/** A file that could not be loaded or prepared: none of its tests counts as failed. */
const isBroken = ({ status, assertionResults }: Report["testResults"][number]) =>
  status === "failed" && assertionResults.every((test) => test.status !== "failed");

/** No report, or one that cannot be read, counts as one failure: vitest did not get to its end. */
export function countTests(text: string | undefined): Counts {
  const data = parseReport(text);
  if (data === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const broken = data.testResults.filter(isBroken);
  return {
    passed: data.numPassedTests,
    failed: data.numFailedTests + broken.length,
    skipped: data.numPendingTests + data.numTodoTests,
  };
}

/** Reads the last line of a stage that counts: "3 passed, 1 failed". Without one, the stage counts as one failure. */
export function countStage(output: string): Counts {
  const line = output.trimEnd().split("\n").at(-1) ?? "";
  const { passed, failed } = /^(?<passed>\d+) passed, (?<failed>\d+) failed/.exec(line)?.groups ?? {};
  if (passed === undefined || failed === undefined) return { passed: 0, failed: 1, skipped: 0 };
  return { passed: Number(passed), failed: Number(failed), skipped: 0 };
}

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

export function countLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** What failed and why, for the end of the output: what a log keeps of a run is often only its last lines. */
export function listFailures(text: string | undefined, root: string): string[] {
  const failures = (parseReport(text)?.testResults ?? []).flatMap((file) => {
    const path = relative(root, file.name);
    if (isBroken(file)) return [formatFailure(path, [file.message])];
    return file.assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => formatFailure(`${path} > ${fullName}`, failureMessages));
  });
  const more = failures.length - MAX_FAILURES;
  return more > 0 ? [...failures.slice(0, MAX_FAILURES), `and ${more} more`] : failures;
}

function formatFailure(title: string, messages: readonly string[]): string {
  const lines = messages.join("\n").split("\n").slice(0, MAX_MESSAGE_LINES);
  return [title, ...lines.map((line) => `  ${line}`)].join("\n");
}
