// Ends the processes of servers when this process cannot, because it was killed: a small process whose standard input
// closes with this one, and which then ends the process groups that it was given.
import { type ChildProcess, spawn } from "node:child_process";

const GRACE_MS = 2000;

/** Plain JavaScript, because it runs by `node -e`. Lines on standard input: +GROUP or -GROUP. */
const SOURCE = `
const groups = new Set();
let rest = "";
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"]) process.on(signal, () => {});
const signalAll = (signal) => {
  for (const group of groups) try { process.kill(-group, signal); } catch { groups.delete(group); }
};
let isEnding = false;
const end = () => {
  if (isEnding) return;
  isEnding = true;
  signalAll("SIGTERM");
  const until = Date.now() + ${GRACE_MS};
  const look = setInterval(() => {
    signalAll(Date.now() < until ? 0 : "SIGKILL");
    if (groups.size === 0 || Date.now() > until) { clearInterval(look); process.exit(0); }
  }, 50);
};
process.stdin.setEncoding("utf8").on("data", (text) => {
  rest += text;
  const lines = rest.split("\\n");
  rest = lines.pop();
  for (const line of lines) line[0] === "+" ? groups.add(Number(line.slice(1))) : groups.delete(Number(line.slice(1)));
}).on("end", end).on("close", end).on("error", end);
`;

export class Reaper {
  #child: ChildProcess | undefined;

  add(group: number): void {
    this.#child ??= this.#start();
    this.#child.stdin?.write(`+${group}\n`);
  }

  remove(group: number): void {
    this.#child?.stdin?.write(`-${group}\n`);
  }

  stop(): void {
    this.#child?.stdin?.end();
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, ["-e", SOURCE], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      env: {},
    });
    child.on("error", () => undefined);
    child.stdin.on("error", () => undefined);
    child.unref();
    return child;
  }
}
