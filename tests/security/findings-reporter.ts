/** Prints one line per finding of the security review: whether its tests ran, and whether all of them passed. */
import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { FINDINGS, type FindingTest, startOfName } from "./findings.ts";

type State = "passed" | "failed" | "not run";

export default class FindingsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const results = modules.flatMap((module) => {
      const file = relative(process.cwd(), module.moduleId);
      return Array.from(module.children.allTests(), (test) => ({
        file,
        name: test.name,
        state: test.result().state,
      }));
    });
    const stateOf = (test: FindingTest): State => {
      const runs = results.filter(
        ({ file, name }) => file === test.file && name.startsWith(startOfName(test)),
      );
      if (runs.some(({ state }) => state === "failed")) return "failed";
      return runs.some(({ state }) => state === "passed") ? "passed" : "not run";
    };
    const lines = FINDINGS.map(({ id, title, tests }) => {
      const states = tests.map(stateOf);
      return `${verdictOn(states).padEnd(8)} ${id.padEnd(4)} ${title} (${states.length} tests)`;
    });
    console.log(`\nSecurity findings\n${lines.join("\n")}`);
  }
}

function verdictOn(states: readonly State[]): string {
  if (states.includes("failed")) return "FAILED";
  return states.length === 0 || states.includes("not run") ? "NOT RUN" : "held";
}
