// Decides whether node_modules matches the present package-lock.json, and runs `npm ci` when it does not.
// The stamp covers npm's own record of what is installed too: after an `npm install` or a change of branch the
// lockfile alone would not show the content of node_modules.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const stampFile = (projectDir) => join(projectDir, "node_modules", ".mcp-registry-gateway-stamp");

export function isInstalled(projectDir) {
  const locks = readLocks(projectDir);
  if (locks === undefined) return false;
  const stamp = createHash("sha256").update(locks.wanted).update(locks.installed).digest("hex");
  if (readText(stampFile(projectDir)) === stamp) return true;
  if (!belongsTogether(locks)) return false;
  writeStamp(projectDir, stamp);
  return true;
}

/** @returns {string | undefined} one line with the error */
export function ensureInstalled(projectDir) {
  if (isInstalled(projectDir)) return undefined;
  console.error("Installing dependencies (npm ci) …");
  // npm's output goes to stderr: stdout is for `npm run dev -- --json`.
  const npm = npmCommand();
  const args = [...npm.args, "ci", "--include=dev", "--no-audit", "--no-fund"];
  const result = spawnSync(npm.command, args, { cwd: projectDir, stdio: ["ignore", 2, 2] });
  if (result.error) return `npm could not be started (${result.error.message}): install npm and retry.`;
  if (result.status !== 0) return "npm ci failed: fix the errors above and retry.";
  if (!isInstalled(projectDir))
    return "npm ci ran, but node_modules does not match package-lock.json: delete node_modules and retry.";
  return undefined;
}

// The stamp only saves time: an installation owned by another user works without it.
function writeStamp(projectDir, stamp) {
  try {
    writeFileSync(stampFile(projectDir), stamp);
  } catch {
    // See above.
  }
}

/** The npm that runs this, or else the one on the path. */
export function npmCommand() {
  const running = process.env.npm_execpath;
  if (running?.endsWith("npm-cli.js")) return { command: process.execPath, args: [running] };
  return { command: "npm", args: [] };
}

function readLocks(projectDir) {
  const wanted = readText(join(projectDir, "package-lock.json"));
  const installed = readText(join(projectDir, "node_modules", ".package-lock.json"));
  return wanted === undefined || installed === undefined ? undefined : { wanted, installed };
}

// A package that is absent is no fault when it is optional: other platforms' binaries are.
function belongsTogether(locks) {
  try {
    const wanted = JSON.parse(locks.wanted).packages;
    const installed = JSON.parse(locks.installed).packages;
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === "") return true;
      const found = installed[path];
      if (found === undefined) return Boolean(entry.optional || entry.devOptional || entry.peer);
      return found.version === entry.version && found.integrity === entry.integrity;
    });
  } catch {
    return false;
  }
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
