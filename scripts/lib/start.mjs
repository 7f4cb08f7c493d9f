// Installs what is missing, then hands over to the TypeScript script, which needs a Node that strips types.
// This process stays as its parent only to pass signals on and the exit code back.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export function installAndStart(script, args) {
  const problem = ensureInstalled(projectDir);
  const node = modernNode();
  if (problem !== undefined || node === undefined) {
    console.error(
      problem ?? "node_modules lacks Node 24: npm did not run install scripts; run `npm rebuild node`.",
    );
    process.exitCode = 1;
    return;
  }
  start(node, [join(projectDir, "scripts", script), ...args]);
}

function modernNode() {
  const packaged = join(projectDir, "node_modules", "node", "bin", "node");
  if (existsSync(packaged)) return packaged;
  return Number(process.versions.node.split(".")[0]) >= 24 ? process.execPath : undefined;
}

// The ipc channel carries no message. When this process is killed it closes, and the script then ends what it runs.
function start(node, args) {
  const child = spawn(node, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  endWithNpm(child);
  child.on("error", (error) => {
    console.error(`Node could not be started (${error.message}): run \`npm rebuild node\` and retry.`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

// npm passes no SIGKILL on. Only npm's death is a sign: any other parent may leave us behind on purpose.
function endWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = npmPid();
  setInterval(() => {
    if (!isAlive(npm)) child.kill("SIGTERM");
  }, 1000).unref();
}

// Between npm and this process stands the shell of the package script, unless it replaced itself by this process.
function npmPid() {
  const [parent, command] = ps(process.ppid);
  return /(^|[/-])(ba|da|z|k)?sh$/.test(command ?? "") ? Number(parent) : process.ppid;
}

function ps(pid) {
  const result = spawnSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)], { encoding: "utf8" });
  return (result.stdout ?? "").trim().split(/\s+/, 2);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
