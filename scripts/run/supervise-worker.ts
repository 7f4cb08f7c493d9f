// Keeps the Worker running: a wrangler or a workerd that dies is started again at once, on the same port and on the same
// stored data, while PostgreSQL and everything else stay up.
import { Problem } from "../lib/problem.ts";
import { followLog, startWorker, type WorkerOptions, waitUntilHealthy } from "./worker.ts";
import { NEWS } from "./worker-news.ts";

/** A Worker that dies this often without having been healthy in between will not get well by itself. */
const MAX_FAILED_STARTS = 3;

const never = new Promise<void>(() => {});

export interface SupervisedWorker {
  /** Resolves when it is healthy for the first time; rejects when its first start fails. */
  readonly ready: Promise<void>;
  readonly url: string;
  readonly logFile: string;
  /** Resolves when it cannot be kept running. */
  readonly failed: Promise<void>;
  stop(): Promise<void>;
}

/** `print` takes a line for each that died and each that serves again. */
export async function superviseWorker(
  options: WorkerOptions,
  print: (line: string) => void,
): Promise<SupervisedWorker> {
  let worker = await startWorker(options);
  let isStopped = false;

  const restart = async (): Promise<boolean> => {
    for (let attempt = 1; attempt <= MAX_FAILED_STARTS && !isStopped; attempt += 1) {
      worker = await startWorker({ ...options, keepLog: true });
      try {
        await waitUntilHealthy(worker);
        return true;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        await worker.stop();
      }
    }
    return false;
  };

  const ready = waitUntilHealthy(worker);
  const watch = async (): Promise<void> => {
    await ready;
    for (;;) {
      await worker.exited;
      if (isStopped) return;
      print("wrangler exited unexpectedly. Restarting it.");
      if (!(await restart())) return;
      print(`wrangler is serving again at ${worker.url}.`);
    }
  };

  const stopFollowing = followLog(worker.logFile, (text) => {
    for (const line of text.split("\n")) if (line.startsWith(NEWS)) print(line.slice(NEWS.length + 1));
  });
  const watching = watch();
  watching.catch(() => {});
  return {
    ready,
    url: worker.url,
    logFile: worker.logFile,
    failed: watching.then(
      () => (isStopped ? never : undefined),
      () => never,
    ),
    stop: async () => {
      isStopped = true;
      stopFollowing();
      await worker.stop();
    },
  };
}
