// Questions about other processes. A pid alone is no identity, since pids are reused; with its start time it is.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A text that no other process ever shares with this one; undefined when no such process runs. */
export function processIdentity(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  const stat = readProc(pid, "stat");
  if (stat !== undefined) {
    // The command name stands in parentheses and may hold spaces; the start time is field 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : `${pid}:${fields[19]}`;
  }
  const started = ps(pid, "lstart=");
  return started === undefined ? undefined : `${pid}:${started}`;
}

export function commandLine(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined;
  return readProc(pid, "cmdline")?.replaceAll("\0", " ") ?? ps(pid, "command=");
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has ended already.
  }
}

export async function waitUntilGone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (processIdentity(pid) !== undefined) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  const result = spawnSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8" });
  const text = result.stdout?.trim();
  return text ? text : undefined;
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}
