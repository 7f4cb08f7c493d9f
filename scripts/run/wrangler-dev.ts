// The process that runs wrangler's development server. It does what `wrangler dev` does, through wrangler's own
// interface, with two differences. The command's proxy takes every lost connection (an aborted upload, an answer before
// the end of a body) for the end of the server; here it is a line in the log. And where workerd dies, its successor is
// led to the Worker again; without that the proxy before the Worker would wait for ever.
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { unstable_DevEnv as DevEnv } from "wrangler";
import { NEWS } from "./worker-news.ts";

export interface WranglerDevOptions {
  readonly config: string;
  readonly envFile: string;
  readonly port: number;
  /** Of developer tools. Two Workers that start at the same time would both take wrangler's default for free. */
  readonly inspectorPort: number;
  readonly persistTo: string;
}

/** If workerd does not serve again after this long, this process ends, and is started anew. */
const RECOVERY_TIMEOUT_MS = 30_000;
const RECOVERY_POLL_MS = 100;

type ReloadComplete = Parameters<InstanceType<typeof DevEnv>["proxy"]["onReloadComplete"]>[0];

interface WranglerEvent {
  readonly reason?: string;
  readonly text?: string;
  readonly cause?: { readonly message?: string };
}

const wrangler = new DevEnv();
let isEnding = false;
let lastReload: ReloadComplete | undefined;

async function main(options: WranglerDevOptions): Promise<void> {
  subscribe("child_process", (message) => {
    if (isSpawn(message)) watchRuntime(message.process, `http://127.0.0.1:${options.port}/healthz`);
  });
  wrangler.on("reloadComplete", (event: ReloadComplete) => {
    lastReload = event;
  });
  wrangler.on("error", (event: WranglerEvent) => report(event.reason, event.cause?.message));
  wrangler.on("runtimeError", (event: WranglerEvent) => report("uncaught", event.text));
  process.on("SIGTERM", () => {
    isEnding = true;
    void wrangler.teardown().finally(() => process.exit(0));
  });
  await wrangler.startWorker({
    config: options.config,
    env: "development",
    envFiles: [options.envFile],
    dev: {
      server: { hostname: "127.0.0.1", port: options.port },
      inspector: { hostname: "127.0.0.1", port: options.inspectorPort },
      persist: options.persistTo,
      testScheduled: true,
    },
  });
}

function report(what = "error", detail = ""): void {
  console.error(`[wrangler] ${[what, detail].filter(Boolean).join(": ")}`);
}

function isSpawn(message: unknown): message is { process: ChildProcess } {
  return typeof message === "object" && message !== null && "process" in message;
}

/** Wrangler itself ends workerd with a signal whenever it reloads the Worker; any other end is a loss. */
function watchRuntime(child: ChildProcess, healthUrl: string): void {
  child.once("exit", (code, signal) => {
    if (isEnding || child.killed || !child.spawnfile?.endsWith("workerd")) return;
    console.error(`${NEWS} workerd exited unexpectedly (${signal ?? `exit code ${code}`}). Restarting it.`);
    // Wrangler starts another one itself, as the next listener of the same event.
    setImmediate(() => void recover(healthUrl));
  });
}

async function recover(healthUrl: string): Promise<void> {
  if (lastReload !== undefined) wrangler.proxy.onReloadComplete(lastReload);
  const deadline = Date.now() + RECOVERY_TIMEOUT_MS;
  while (!(await isHealthy(healthUrl))) {
    if (isEnding) return;
    if (Date.now() > deadline) process.exit(1);
    await new Promise((resolve) => setTimeout(resolve, RECOVERY_POLL_MS));
  }
  console.error(`${NEWS} workerd is serving again.`);
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(RECOVERY_TIMEOUT_MS / 10) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

await main(JSON.parse(process.argv[2] ?? "{}"));
