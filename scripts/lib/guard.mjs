// Runs between a long-lived child (PostgreSQL, wrangler) and the script that starts it. Standard input is the
// life line: when it closes, even because the script was killed with SIGKILL, the child's whole process group
// ends: first the polite signal, after the grace SIGKILL.
import { spawn } from "node:child_process";
import { rmSync, writeSync } from "node:fs";
import { constants } from "node:os";

const REPORT_FD = 3;
const spec = JSON.parse(process.argv[2]);

// Only the lifeline ends a supervisor; a signal to the process group must not make it leave its child behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"]) process.on(signal, () => {});

const child = spawn(spec.command, spec.args, {
  cwd: spec.cwd,
  stdio: ["ignore", "inherit", "inherit"],
  detached: true,
  ...(spec.user ?? {}),
});
let ending = false;

child.on("spawn", () => report({ pid: child.pid }));
child.on("error", (error) => {
  report({ error: error.message });
  process.exit(1);
});
child.on("exit", (code, signal) => {
  signalGroup("SIGKILL");
  for (const path of spec.removeAfter ?? []) rmSync(path, { recursive: true, force: true });
  process.exit(code ?? 128 + constants.signals[signal]);
});
process.stdin.on("end", end).on("close", end).on("error", end).resume();

function end() {
  if (ending) return;
  ending = true;
  signalGroup(spec.signal);
  setTimeout(() => signalGroup("SIGKILL"), spec.graceMs);
}

function signalGroup(signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function report(message) {
  try {
    writeSync(REPORT_FD, `${JSON.stringify(message)}\n`);
  } catch {
    // The script has ended, as the closed standard input shows.
  }
}
