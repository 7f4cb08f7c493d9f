// What a command of the command line is, and how its options are read.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { withUsage } from "../lib/usage.ts";

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Options and examples, for `--help`. */
  readonly help: string;
  /** Resolves with the exit code. */
  run(args: readonly string[]): Promise<number>;
}

/** What was compared differs: of diff and verify-audit. */
export const EXIT_DIFFERENT = 3;

/** As parseArgs of Node, with a problem for what it rejects. */
export function readOptions<T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
  help: string,
) {
  return withUsage(help, () => parseArgs({ args: [...args], allowPositionals: true, options }));
}
