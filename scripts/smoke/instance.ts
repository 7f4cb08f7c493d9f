// A gateway as a newcomer gets it: the files of the repository in a folder of their own, and `npm run dev` in it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { isInstalled } from "../lib/install.mjs";
import { readJsonFile } from "../lib/json-file.ts";
import { projectDir } from "../lib/paths.ts";
import { freePort } from "../lib/ports.ts";
import { Problem } from "../lib/problem.ts";
import { sendSignal } from "../lib/process.ts";

const readyLine = z.object({
  databaseUrl: z.string(),
  mcpUrl: z.string(),
  adminUrl: z.string(),
  apiKey: z.string(),
  login: z.object({ email: z.string(), password: z.string() }),
  tenant: z.string(),
});

export type Ready = z.infer<typeof readyLine>;

export interface Instance {
  readonly ready: Ready;
  readonly origin: string;
  readonly devDir: string;
  readonly process: ChildProcess;
  /** The standard error of `npm run dev`. */
  said(): string;
  /** The log of the Worker, whole. */
  log(): string;
  /** The process that runs wrangler. */
  wranglerPid(): number;
  /** Ctrl-C, and the exit code, or the signal by which it ended. */
  interrupt(): Promise<number | string>;
  /** Whatever state it is in: gone, with its folder. */
  remove(): Promise<void>;
}

/** `npm ci` is left out: the copy uses the packages of the original. */
export function copyProject(): string {
  // Otherwise the copy would install, through its link, into the original's folder.
  if (!isInstalled(projectDir))
    throw new Problem("node_modules does not match package-lock.json: run npm ci.");
  const dir = mkdtempSync(join(tmpdir(), "mcp-registry-gateway-smoke-"));
  // As root, PostgreSQL runs as another user, who must be able to come this far.
  chmodSync(dir, 0o755);
  const list = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], { cwd: projectDir });
  for (const file of list.toString().split("\0")) {
    if (file === "" || !existsSync(join(projectDir, file))) continue;
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    cpSync(join(projectDir, file), join(dir, file));
  }
  symlinkSync(join(projectDir, "node_modules"), join(dir, "node_modules"));
  return dir;
}

export interface InstanceOptions {
  /** Use this database instead of an embedded PostgreSQL. */
  readonly databaseUrl?: string;
}

export async function startInstance({ databaseUrl }: InstanceOptions = {}): Promise<Instance> {
  const dir = copyProject();
  const port = await freePort();
  const { DATABASE_URL: _, GATEWAY_DEV_DIR: __, ...environment } = process.env;
  const child = spawn("npm", ["run", "dev", "--silent", "--", "--json", "--port", String(port)], {
    cwd: dir,
    env: { ...environment, ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }) },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own: Ctrl-C in a terminal reaches npm and all that it started.
    detached: true,
  });
  let out = "";
  let err = "";
  const line = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (data) => {
      out += data;
      if (out.includes("\n")) resolve(out);
    });
    child.once("exit", (code) =>
      reject(new Error(`npm run dev exited with ${code} before it was ready: ${err}`)),
    );
  });
  child.stderr.on("data", (data) => {
    err += data;
  });
  const end = async (signal: NodeJS.Signals): Promise<number | string> => {
    const ended = () => child.exitCode ?? child.signalCode;
    if (ended() !== null) return ended() ?? "";
    const exit = once(child, "exit");
    if (child.pid !== undefined) sendSignal(-child.pid, signal);
    await exit;
    return ended() ?? "";
  };
  const remove = async () => {
    await end("SIGTERM");
    rmSync(dir, { recursive: true, force: true });
  };
  const ready = await line
    .then((text) => readyLine.parse(JSON.parse(text)))
    .catch(async (error) => {
      await remove();
      throw error;
    });
  const devDir = join(dir, ".dev");
  return {
    ready,
    origin: `http://127.0.0.1:${port}`,
    devDir,
    process: child,
    said: () => err,
    log: () => readFileSync(join(devDir, "logs", "worker.log"), "utf8"),
    wranglerPid: () => Number(readJsonFile(join(devDir, "worker.json")).pid),
    interrupt: () => end("SIGINT"),
    remove,
  };
}
