// The arguments of `npm test`: what it understands itself, and after `--` what vitest gets.
import { parseArgs } from "node:util";
import { errorMessage, Problem } from "../lib/problem.ts";
import type { TestSelection } from "./test-stages.ts";

const USAGE =
  "npm test -- [--ci] [--only unit|security] [--long] [--changed [--base <branch or commit>]] [-- arguments for vitest]";

export interface TestArgs {
  readonly selection: TestSelection;
  /** Runs what takes longer than a test run may: 100,000 mutated messages per endpoint and era. */
  readonly isLong?: boolean;
  readonly vitest: readonly string[];
}

/** The projects of vitest.config.ts that `--only unit` runs. */
const UNIT_PROJECTS = ["--project=core", "--project=workerd"];

export function parseTestArgs(args: string[]): TestArgs {
  const split = args.indexOf("--");
  const vitest = split === -1 ? [] : args.slice(split + 1);
  const { only, ci, changed, base, long } = parse(split === -1 ? args : args.slice(0, split));
  if (only === "security") return { selection: "security", vitest, ...(long === true && { isLong: true }) };
  if (long === true) throw new Problem(`--long requires --only security: ${USAGE}`, 2);
  if (only !== undefined && only !== "unit")
    throw new Problem(`Unknown argument --only ${only}: ${USAGE}`, 2);
  if (changed === true) return { selection: "changed", vitest: [`--changed=${base}`, ...vitest] };
  if (only === undefined) return { selection: ci === true ? "ci" : "all", vitest };
  // Named files run in their own project.
  const namesFiles = vitest.some((argument) => argument.startsWith("tests/"));
  return { selection: "unit", vitest: namesFiles ? vitest : [...UNIT_PROJECTS, ...vitest] };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: "string" },
        ci: { type: "boolean" },
        changed: { type: "boolean" },
        long: { type: "boolean" },
        base: { type: "string", default: "main" },
      },
    }).values;
  } catch (error) {
    throw new Problem(`${errorMessage(error)}: ${USAGE}`, 2);
  }
}
