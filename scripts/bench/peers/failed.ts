// A failure of a peer: it is reported in the peer's line, and the run continues.
import { errorMessage, Problem } from "../../lib/problem.ts";

export class PeerFailed extends Problem {
  constructor(why: string) {
    super(why);
    this.name = "PeerFailed";
  }
}

/** The errors of npm, without its usual lines. */
export function complaintOf(error: unknown): string {
  if (!(error instanceof Error && "stderr" in error && typeof error.stderr === "string")) {
    return errorMessage(error);
  }
  const lines = error.stderr.split("\n").flatMap((line) => /^npm error (.*\S)/.exec(line)?.[1] ?? []);
  return lines.length === 0 ? errorMessage(error) : lines.slice(0, 2).join(", ");
}
