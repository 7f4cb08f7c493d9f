// Waits until a process has nothing left to do: some work on for seconds after their clients have gone, and that must
// fall on nobody's round.
import { setTimeout as delay } from "node:timers/promises";
import { cpuMicroseconds } from "../gateway/burst.ts";

const GLANCE_MS = 200;
const AT_MOST_MS = 20_000;
/** One tick of the system's clock may always fall into a glance. */
const IDLE_US = 10_000;

export async function settle(pid: number): Promise<void> {
  const deadline = Date.now() + AT_MOST_MS;
  let before = cpuMicroseconds(pid);
  for (;;) {
    await delay(GLANCE_MS);
    const now = cpuMicroseconds(pid);
    if (now - before <= IDLE_US || Date.now() > deadline) return;
    before = now;
  }
}
