// Waits until a process is idle: some continue to work for seconds after their clients have disconnected, which must
// not affect the next round.
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
