// An error that the user can correct is a Problem: one line with the next step. Everything else is a bug and keeps
// its stack trace.

export class Problem extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = "Problem";
    this.exitCode = exitCode;
  }
}

export function printProblem(error: unknown): number {
  if (error instanceof Problem) {
    console.error(error.message);
    return error.exitCode;
  }
  const code = errorCode(error);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOSPC") {
    console.error(`${errorMessage(error)}: make the path writable for this user and retry.`);
    return 1;
  }
  console.error(error);
  return 1;
}

/** Runs a script's main function and turns what it throws into a line and an exit code. */
export async function runMain(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.exitCode = printProblem(error);
  }
}

export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

export function errorMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // node's AggregateError (several addresses tried) has an empty message of its own.
  if (message === "" && error instanceof AggregateError) return errorMessage(error.errors[0]);
  return message.replaceAll(/\s*\n\s*/g, " ");
}
