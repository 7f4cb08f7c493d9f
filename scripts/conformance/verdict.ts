// Decides what counts as passed. Scored or not, every scenario must pass, without warnings, and check as much as it
// checks against the fixture alone: some broken proxies only make the suite check less.
import type { ScenarioResult } from "./suite.ts";

export interface Verdict {
  scenario: string;
  passed: number;
  failed: number;
  warnings: number;
  /** Why it does not count as passed; empty when it does. */
  faults: string[];
}

/** Scenarios that check nothing on any server, because of the suite. Each needs a reason. */
const EMPTY_IN_THE_SUITE = new Map([
  [
    "tasks-status-notifications",
    "alpha.12 always skips it: its harness listens on the wrong stream. tests/scripts/examples.test.ts covers it.",
  ],
]);

/** Where the gateway itself serves, some checks have no occasion. Each needs a reason. */
export const FEWER_CHECKS = new Map([
  ["server-sse-multiple-streams", "The gateway returns lists as JSON; the suite counts streams only."],
  ["server-sse-polling", "The gateway keeps the stream open where the fixture makes its client poll."],
]);

export function judge({ scenario, checks }: ScenarioResult, expectedPasses: number | undefined): Verdict {
  const count = (status: string) => checks.filter((check) => check.status === status).length;
  const passed = count("SUCCESS");
  const faults = checks
    .filter(({ status }) => status === "FAILURE" || status === "WARNING")
    .map(({ id, status, message }) => `${status} ${id}${message === undefined ? "" : `: ${message}`}`);
  if (passed === 0 && !EMPTY_IN_THE_SUITE.has(scenario)) faults.push("FAILURE no checks ran");
  if (expectedPasses !== undefined && passed < expectedPasses && faults.length === 0) {
    faults.push(`FAILURE only ${passed} checks ran, ${expectedPasses} against the fixture alone`);
  }
  return { scenario, passed, failed: count("FAILURE"), warnings: count("WARNING"), faults };
}
