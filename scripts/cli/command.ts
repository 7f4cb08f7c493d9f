// What a command of the command line is, and how its options are read.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { errorCode, errorMessage, Problem } from "../lib/problem.ts";

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Options and examples, for `--help`. */
  readonly help: string;
  /** Resolves with the exit code. */
  run(args: readonly string[]): Promise<number>;
}

export const EXIT_USAGE = 2;
/** What was compared differs: of diff and verify-audit. */
export const EXIT_DIFFERENT = 3;

/** As parseArgs of Node, with a problem for what it rejects. */
export function readOptions<T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
  help: string,
) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    // An unknown option, or one without its value: Node says which, and the help says what there is.
    if (errorCode(error)?.startsWith("ERR_PARSE_ARGS_") !== true) throw error;
    throw new Problem(`${errorMessage(error)}\n\n${help}`, EXIT_USAGE);
  }
}
