// Runs the Worker in `wrangler dev` and waits until it answers.
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, spawnGuarded } from "../lib/guarded.ts";
import { readJsonFile, writeJsonFile } from "../lib/json-file.ts";
import { projectDir } from "../lib/paths.ts";
import { nextFreePort } from "../lib/ports.ts";
import { Problem } from "../lib/problem.ts";
import { processIdentity, sendSignal, waitUntilGone } from "../lib/process.ts";
import type { WranglerDevOptions } from "./wrangler-dev.ts";

export type Worker = { url: string; logFile: string; exited: Promise<number>; stop(): Promise<number> };

export type WorkerOptions = {
  devDir: string;
  port: number;
  variables: Record<string, string>;
  /** Go on in the log of the Worker before. */
  keepLog?: boolean;
};

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { devDir, port, variables, keepLog = false } = options;
  const logFile = join(devDir, "logs", "worker.log");
  const process = await spawnGuarded({
    command: globalThis.process.execPath,
    args: await wranglerArgs(devDir, port, writeVariables(devDir, variables)),
    cwd: projectDir,
    env: wranglerEnvironment(devDir),
    log: logFile,
    keepLog,
    signal: "SIGTERM",
    graceMs: 5_000,
  });
  writeJsonFile(orphanFile(devDir), {
    pid: String(process.pid),
    identity: processIdentity(process.pid) ?? "",
  });
  const url = `http://127.0.0.1:${port}`;
  return { url, logFile, exited: process.exited, stop: process.stop };
}

/** Ends a Worker of an earlier run: one whose guard is just about to, or was killed too. Call before choosing a port. */
export async function endOrphanedWorker(devDir: string): Promise<void> {
  const { pid, identity } = readJsonFile(orphanFile(devDir));
  const group = Number(pid);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!identity || processIdentity(group) !== identity) return;
    sendSignal(-group, signal);
    await waitUntilGone(group, 5_000);
  }
}

function orphanFile(devDir: string): string {
  return join(devDir, "worker.json");
}

async function wranglerArgs(devDir: string, port: number, envFile: string): Promise<string[]> {
  const options: WranglerDevOptions = {
    config: join(projectDir, globalThis.process.env.GATEWAY_WRANGLER_CONFIG ?? "wrangler.toml"),
    envFile,
    port,
    inspectorPort: await nextFreePort(port + 1),
    persistTo: join(devDir, "worker"),
  };
  return [join(projectDir, "scripts", "run", "wrangler-dev.ts"), JSON.stringify(options)];
}

// A file, since arguments show in the process list. dotenv reads single quotes literally, but afterwards
// expands `$`, which no value here needs: in URLs it can be written as %24.
function writeVariables(devDir: string, variables: Record<string, string>): string {
  const file = join(devDir, "worker.env");
  const lines = Object.entries(variables).map(
    ([name, value]) => `${name}='${value.replaceAll("$", "%24")}'\n`,
  );
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  return file;
}

function wranglerEnvironment(devDir: string): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...environment } = globalThis.process.env;
  return {
    ...environment,
    CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "true",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(devDir, "logs", "wrangler"),
    FORCE_COLOR: "0",
    // Wrangler's trace store writes to the disk some 180 times a second, in the process that serves.
    X_LOCAL_OBSERVABILITY: "false",
    // Where a request comes from in the world: loaded from Cloudflare over the network, and not used here.
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  };
}

/** Resolves when GET /healthz answers 200. */
export async function waitUntilHealthy(worker: Worker, timeoutMs = 60_000): Promise<void> {
  let ended = false;
  void worker.exited.then(() => {
    ended = true;
  });
  const deadline = Date.now() + timeoutMs;
  for (let answer = "no response"; answer !== "200"; ) {
    if (ended)
      throw new Problem(
        `wrangler exited at startup. Last lines of ${worker.logFile}:\n${lastLines(worker.logFile, 15)}`,
      );
    if (Date.now() > deadline) {
      throw new Problem(
        `The Worker is not healthy (GET /healthz: ${answer}). Last lines of ${worker.logFile}:\n${lastLines(worker.logFile, 15)}`,
      );
    }
    answer = await askHealth(worker.url);
    if (answer !== "200") await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function askHealth(url: string): Promise<string> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) });
    const body = await response.text();
    return response.status === 200 ? "200" : `${response.status} ${body.slice(0, 300)}`;
  } catch {
    return "no response";
  }
}

/** Copies what the Worker logs from now on to the terminal. */
export function followLog(file: string, write: (text: string) => void): () => void {
  const fd = openSync(file, "r");
  let position = fstatSync(fd).size;
  const copy = () => {
    const buffer = Buffer.alloc(64 * 1024);
    for (let read = readSync(fd, buffer, 0, buffer.length, position); read > 0; ) {
      write(buffer.toString("utf8", 0, read));
      position += read;
      read = readSync(fd, buffer, 0, buffer.length, position);
    }
  };
  const timer = setInterval(copy, 200);
  return () => {
    clearInterval(timer);
    copy();
    closeSync(fd);
  };
}
