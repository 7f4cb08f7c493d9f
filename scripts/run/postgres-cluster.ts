// A cluster's life on disk: made whole or not at all, of the right major version, and freed from a postmaster
// that outlived its owner.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../lib/problem.ts";
import { commandLine, sendSignal, waitUntilGone } from "../lib/process.ts";
import { giveTo, type Home } from "./postgres-home.ts";

export const superuser = "postgres";

export const postgresEnvironment: NodeJS.ProcessEnv = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };

export function clusterExists(home: Home): boolean {
  return existsSync(join(home.cluster, "PG_VERSION"));
}

export function checkMajor(home: Home, dataDir: string): void {
  const made = readFileSync(join(home.cluster, "PG_VERSION"), "utf8").trim();
  if (made === String(home.major)) return;
  throw new Problem(
    `The data in ${dataDir} belongs to PostgreSQL ${made}, this project uses PostgreSQL ${home.major}: dump it with the old version, or delete ${dataDir} to start with an empty database.`,
  );
}

export function createCluster(home: Home, password: string, durable: boolean): void {
  const fresh = `${home.cluster}.new`;
  const passwordFile = `${home.cluster}.password`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  giveTo(fresh, home.user);
  try {
    writeFileSync(passwordFile, password, { mode: 0o600 });
    giveTo(passwordFile, home.user);
    initdb(home, fresh, passwordFile, durable);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  // A crash in the middle of initdb leaves only the folder with the other name.
  renameSync(fresh, home.cluster);
}

function initdb(home: Home, dir: string, passwordFile: string, durable: boolean): void {
  const args = [`--pgdata=${dir}`, `--username=${superuser}`, `--pwfile=${passwordFile}`];
  args.push("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions");
  if (!durable) args.push("--no-sync", "--no-data-checksums");
  const result = spawnSync(home.initdb, args, {
    cwd: "/",
    encoding: "utf8",
    env: postgresEnvironment,
    ...home.user,
  });
  if (result.status === 0) return;
  const reason = result.error?.message ?? result.stderr.trim().split("\n").slice(-2).join(" ");
  throw new Problem(
    `PostgreSQL could not create its data folder (${reason}): fix the error, or set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

/** Call only while holding the lock of the data folder: then a postmaster that still runs has no owner. */
export async function endOrphan(home: Home): Promise<void> {
  const pidFile = join(home.cluster, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  if (pid > 0 && isPostmasterOf(pid, home)) {
    sendSignal(pid, "SIGINT");
    if (!(await waitUntilGone(pid, 10_000))) sendSignal(pid, "SIGKILL");
    if (!(await waitUntilGone(pid, 5_000)))
      throw new Problem(`PostgreSQL (PID ${pid}) does not exit: kill it.`);
  }
  // PostgreSQL would remove a stale file itself, but not when its pid is another program's by now.
  rmSync(pidFile, { force: true });
}

function isPostmasterOf(pid: number, home: Home): boolean {
  const line = commandLine(pid) ?? "";
  return line.includes("postgres") && line.includes(home.cluster);
}
