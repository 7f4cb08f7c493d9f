// A guard ends what it guards, whatever becomes of the script that started it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type GuardedSpec, spawnGuarded } from "../../../scripts/lib/guarded.ts";
import { processIdentity, sendSignal, waitUntilGone } from "../../../scripts/lib/process.ts";

const root = mkdtempSync(join(tmpdir(), "guard-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// A shell that ignores polite signals and has a child of its own, whose pid it prints.
const stubborn = "trap '' INT TERM; sleep 1000 & echo $!; while :; do wait; done";

function specOf(script: string, log: string): GuardedSpec {
  const shell = { command: "/bin/sh", args: ["-c", script], cwd: root };
  return { ...shell, log: join(root, log), signal: "SIGTERM", graceMs: 200 };
}

async function printedPid(log: string): Promise<number> {
  for (;;) {
    const pid = Number(readFileSync(join(root, log), "utf8"));
    if (pid > 0) return pid;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("stop ends the whole group, after the grace even what ignores signals", async () => {
  const guarded = await spawnGuarded(specOf(stubborn, "stop.log"));
  const grandchild = await printedPid("stop.log");
  await guarded.stop();
  expect(await waitUntilGone(guarded.pid, 5_000)).toBe(true);
  expect(await waitUntilGone(grandchild, 5_000)).toBe(true);
});

test("SIGKILL of the script ends the whole group too", async () => {
  const module = new URL("../../../scripts/lib/guarded.ts", import.meta.url).href;
  const script = `
    const { spawnGuarded } = await import(${JSON.stringify(module)});
    const { pid } = await spawnGuarded(${JSON.stringify(specOf(stubborn, "kill.log"))});
    console.log(pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [data] = await once(parent.stdout, "data");
  const child = Number(String(data));
  const grandchild = await printedPid("kill.log");
  expect(processIdentity(child)).toBeDefined();
  parent.kill("SIGKILL");
  expect(await waitUntilGone(child, 5_000)).toBe(true);
  expect(await waitUntilGone(grandchild, 5_000)).toBe(true);
});

test("SIGKILL of the guard itself does not spare the child", async () => {
  const guarded = await spawnGuarded(specOf("exec sleep 1000", "guard.log"));
  const stat = readFileSyncOrEmpty(`/proc/${guarded.pid}/stat`);
  if (stat === "") return guarded.stop();
  sendSignal(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]), "SIGKILL");
  expect(await waitUntilGone(guarded.pid, 5_000)).toBe(true);
  return undefined;
});

test("the child's exit code comes through, and a missing program is one line", async () => {
  expect(await (await spawnGuarded(specOf("exit 7", "exit.log"))).exited).toBe(7);
  const missing = { ...specOf("", "missing.log"), command: join(root, "no-such-program") };
  await expect(spawnGuarded(missing)).rejects.toThrow(/could not be started: .*ENOENT/);
});

function readFileSyncOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
