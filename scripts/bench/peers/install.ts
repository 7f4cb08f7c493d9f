// Installs a peer into a folder of its own, which is kept for the next run.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { npmCommand } from "../../lib/install.mjs";
import { devDir } from "../../lib/paths.ts";
import { complaintOf, PeerFailed } from "./failed.ts";

const run = promisify(execFile);

/** @returns the script that its command runs */
export async function installPeer({ name, version }: { name: string; version: string }): Promise<string> {
  const dir = join(devDir(), "peers", `${name}@${version}`);
  if (!existsSync(dir)) await install(`${name}@${version}`, dir);
  const home = join(dir, "node_modules", name);
  const { bin }: { bin?: Record<string, string> } = JSON.parse(
    readFileSync(join(home, "package.json"), "utf8"),
  );
  const script = bin?.[name];
  if (script === undefined) throw new PeerFailed(`${name} has no command of the same name`);
  return join(home, script);
}

async function install(what: string, dir: string): Promise<void> {
  // Elsewhere first: half an installation must not pass for one.
  const part = `${dir}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const npm = npmCommand();
  const settings = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  try {
    await run(npm.command, [...npm.args, "install", "--prefix", part, ...settings, what], { cwd: part });
    mkdirSync(dirname(dir), { recursive: true });
    renameSync(part, dir);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw new PeerFailed(`npm could not install it: ${complaintOf(error)}`);
  }
}
