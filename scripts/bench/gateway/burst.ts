// Starts a burst of load (load.ts) and watches what it costs the process that answers it.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Problem } from "../../lib/problem.ts";
import { residentMiB } from "../../lib/process.ts";

export interface Burst {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly bodyFile?: string;
  /** Holds a JSON list of values for `authorization`, which requests take in turn. */
  readonly authorizationsFile?: string;
  /** The status that every answer must have. */
  readonly status: number;
  readonly connections: number;
  readonly amount: number;
  /** Each connection sends an id of its own: within one session two requests must not share one. */
  readonly ownIds?: boolean;
}

export interface RpcMessage {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly answered: number;
  readonly failed: Failed;
}

export interface Failed {
  readonly errors: number;
  readonly timeouts: number;
  /** How many answers had which other status. */
  readonly statuses: Readonly<Record<string, number>>;
}

export interface Measured extends RpcMessage {
  readonly failures: number;
  /** Of the answering process, for each request, in microseconds. */
  readonly cpuUs: number;
  readonly rssMib: number;
}

/** A crowded machine may lose a connection; a gateway that is wrong loses more. */
const MOST_FAILURES = 0.01;

const run = promisify(execFile);
const LOAD = fileURLToPath(new URL("./load.ts", import.meta.url));

export async function measureBurst(burst: Burst, pid: number, script = LOAD): Promise<Measured> {
  const before = cpuMicroseconds(pid);
  const { stdout } = await run(process.execPath, [script, JSON.stringify(burst)], { maxBuffer: 1024 * 1024 });
  const received: RpcMessage = JSON.parse(stdout);
  const { errors, timeouts, statuses } = received.failed;
  const failures = Object.values(statuses).reduce((sum, count) => sum + count, errors + timeouts);
  if (failures > MOST_FAILURES * burst.amount) {
    const failed = JSON.stringify(received.failed);
    throw new Problem(
      `${failed} of ${burst.amount} requests to ${burst.url} had an unexpected response; too many.`,
    );
  }
  return {
    ...received,
    failures,
    cpuUs: (cpuMicroseconds(pid) - before) / received.answered,
    rssMib: residentMiB(pid),
  };
}

/** Of all threads, as the scheduler counts it: in nanoseconds, where /proc/PID/stat counts hundredths of a second. */
export function cpuMicroseconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // A thread that has just ended.
    }
  }
  return nanoseconds / 1000;
}
