// Collects what the smoke test found: one line a check, and the reasons of those that failed.
import { withTimeout } from "../../src/core/timers.ts";
import { errorMessage } from "../lib/problem.ts";

/** Far longer than any check takes on a busy machine: what hangs is a failure, and the others go on. */
const CHECK_TIMEOUT_MS = 300_000;

export interface Report {
  /** Runs a check and records how it ended; the others run even if it fails or never ends. */
  check(name: string, run: () => Promise<unknown>, timeoutMs?: number): Promise<void>;
  readonly failures: readonly string[];
  readonly count: number;
}

/** With `only`, checks whose names do not contain it are left out. */
export function createReport(print: (line: string) => void, only = ""): Report {
  const failures: string[] = [];
  let count = 0;
  return {
    failures,
    get count() {
      return count;
    },
    async check(name, run, timeoutMs = CHECK_TIMEOUT_MS) {
      if (!name.includes(only)) return;
      const startedAt = performance.now();
      const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
      count += 1;
      try {
        const detail = await inTime(run(), timeoutMs);
        print(`  ok      ${name} (${seconds()} s)${typeof detail === "string" ? `: ${detail}` : ""}`);
      } catch (error) {
        failures.push(name);
        print(`  FAILED  ${name} (${seconds()} s): ${errorMessage(error)}`);
      }
    },
  };
}

async function inTime<T>(running: Promise<T>, timeoutMs: number): Promise<T> {
  const ended = await withTimeout(
    running.then((value) => ({ value })),
    timeoutMs,
  );
  if (ended === undefined) throw new Error(`did not end within ${timeoutMs / 1000} s`);
  return ended.value;
}

/** Calls `probe` until it answers something, and fails when it takes too long. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Runs `run` this many times, a few at once, and counts the answers. */
export async function tally(
  times: number,
  run: (index: number) => Promise<string | number>,
  { atOnce = 5 } = {},
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let next = 0;
  const worker = async () => {
    while (next < times) {
      const index = next;
      next += 1;
      const answer = await run(index).catch((error: unknown) => `failed: ${errorMessage(error)}`);
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return counts;
}
