// Questions on a terminal. Prompts go to stderr, so that stdout holds the result alone.
import { createInterface } from "node:readline/promises";

export const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

export async function askLine(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}
