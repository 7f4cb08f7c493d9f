// Starts a long-lived child under its guard (guard.mjs), so that no end of this process leaves an orphan.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { errorMessage, Problem } from "./problem.ts";

export type User = { uid: number; gid: number };

export type GuardedSpec = {
  command: string;
  args: string[];
  cwd: string;
  env?: NodeJS.ProcessEnv;
  /** Where the child's output goes: a file, or this process's own standard output and error. */
  log: string | "inherit";
  /** Append to the file instead of beginning a new one. */
  keepLog?: boolean;
  signal: "SIGINT" | "SIGTERM";
  graceMs: number;
  user?: User;
  /** Folders the guard removes after the child has ended, also when this process is gone by then. */
  removeAfter?: string[];
};

export type Guarded = { pid: number; exited: Promise<number>; hasExited(): boolean; stop(): Promise<number> };

const guardScript = fileURLToPath(new URL("./guard.mjs", import.meta.url));

export async function spawnGuarded(spec: GuardedSpec): Promise<Guarded> {
  const { env, log, keepLog = false, ...rest } = spec;
  const output = log === "inherit" ? "inherit" : openLog(log, keepLog);
  // A session of its own: the terminal's Ctrl-C must reach this process alone, which then ends things in order.
  const guard = spawn(process.execPath, [guardScript, JSON.stringify(rest)], {
    detached: true,
    env: env ?? process.env,
    stdio: ["pipe", output, output, "pipe"],
  });
  if (typeof output === "number") closeSync(output);
  const exited = exitCode(guard);
  const pid = await reportedPid(guard, spec.command);
  let over = false;
  void exited.then(({ code, killed }) => {
    over = true;
    if (killed) signalGroup(pid, spec.signal);
    return code;
  });
  return {
    pid,
    exited: exited.then(({ code }) => code),
    hasExited: () => over,
    stop: async () => {
      guard.stdin?.destroy();
      return (await exited).code;
    },
  };
}

export function lastLines(file: string, count: number): string {
  if (!existsSync(file)) return "";
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
}

// The log before this one is kept: after a crash it contains the cause.
function openLog(file: string, keepLog: boolean): number {
  if (keepLog) return openSync(file, "a", 0o600);
  if (existsSync(file)) renameSync(file, `${file}.previous`);
  return openSync(file, "w", 0o600);
}

function exitCode(guard: ChildProcess): Promise<{ code: number; killed: boolean }> {
  return new Promise((resolve) => {
    guard.once("error", () => resolve({ code: 1, killed: false }));
    guard.once("exit", (code) => resolve({ code: code ?? 1, killed: code === null }));
  });
}

function reportedPid(guard: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new Problem(`${command} could not be started: ${reason}`));
    guard.once("error", (error) => fail(errorMessage(error)));
    guard.once("exit", () => fail("the supervisor exited"));
    guard.stdin?.on("error", () => {});
    guard.stdio[3]?.once("data", (data: Buffer) => {
      const { pid, error }: { pid?: number; error?: string } = JSON.parse(data.toString());
      if (pid === undefined) fail(error ?? "no reason given");
      else resolve(pid);
    });
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended together with its guard.
  }
}
