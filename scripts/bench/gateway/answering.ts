// Waits for a Worker that has just been started.
import { setTimeout as pause } from "node:timers/promises";
import { Problem } from "../../lib/problem.ts";

const PAUSE_MS = 20;
const MOST_WAITED_MS = 10_000;

/** Until it gives an answer of this status, or any where none is named. */
export async function untilItAnswers(url: string, method: "GET" | "POST", status?: number): Promise<void> {
  for (let waited = 0; waited < MOST_WAITED_MS; waited += PAUSE_MS) {
    const answer = await fetch(url, { method }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined && (status === undefined || answer.status === status)) return;
    await pause(PAUSE_MS);
  }
  throw new Problem(`The Worker to measure does not respond at ${url}.`);
}
