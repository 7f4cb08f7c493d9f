// Options that Node's parseArgs rejects, as a problem: Node names the option, and the usage lists all of them.
import { errorCode, errorMessage, Problem } from "./problem.ts";

export const EXIT_USAGE = 2;

export function withUsage<T>(usage: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (errorCode(error)?.startsWith("ERR_PARSE_ARGS_") !== true) throw error;
    throw new Problem(`${errorMessage(error)}\n\n${usage}`, EXIT_USAGE);
  }
}
