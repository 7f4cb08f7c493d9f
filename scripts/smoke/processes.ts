// The processes behind a running instance, as `ps` and /proc show them.
import { execFileSync } from "node:child_process";
import type { Instance } from "./instance.ts";

export interface ProcessInfo {
  readonly pid: number;
  readonly command: string;
}

export function childrenOf(parent: number): ProcessInfo[] {
  const list = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="]).toString().trim().split("\n");
  return list.flatMap((line) => {
    const [pid, ppid, command = ""] = line.trim().split(/\s+/);
    return Number(ppid) === parent ? [{ pid: Number(pid), command }] : [];
  });
}

/** The workerd that runs the gateway itself; the other one is the proxy before it. */
export function runtimePid(instance: Instance): number {
  return childrenOf(instance.wranglerPid()).findLast(({ command }) => command.endsWith("workerd"))?.pid ?? 0;
}
