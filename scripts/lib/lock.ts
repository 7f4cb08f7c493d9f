// One holder at a time for a folder. The lock is a file that names its holder; a holder that no longer runs
// does not count, so a crash needs no cleaning up.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { errorCode } from "./problem.ts";
import { processIdentity } from "./process.ts";

export type LockInfo = { pid: number; url?: string };
export type Lock = { update(info: { url: string }): void; release(): void };

type Content = LockInfo & { identity: string };

export function acquireLock(file: string): { lock: Lock } | { heldBy: LockInfo } {
  for (;;) {
    const heldBy = lockHolder(file);
    if (heldBy !== undefined) return { heldBy };
    rmSync(file, { force: true });
    try {
      writeFileSync(file, content({ pid: process.pid }), { flag: "wx", mode: 0o600 });
      return { lock: ownLock(file) };
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

export function lockHolder(file: string): LockInfo | undefined {
  const held = readContent(file);
  if (held === undefined || processIdentity(held.pid) !== held.identity) return undefined;
  return held.url === undefined ? { pid: held.pid } : { pid: held.pid, url: held.url };
}

function ownLock(file: string): Lock {
  return {
    update: ({ url }) => writeFileSync(file, content({ pid: process.pid, url })),
    release: () => {
      if (readContent(file)?.pid === process.pid) rmSync(file, { force: true });
    },
  };
}

function content(info: LockInfo): string {
  return JSON.stringify({ ...info, identity: processIdentity(info.pid) ?? "" });
}

function readContent(file: string): Content | undefined {
  try {
    const { pid, identity, url }: Record<string, unknown> = JSON.parse(readFileSync(file, "utf8"));
    if (typeof pid !== "number" || typeof identity !== "string") return undefined;
    return typeof url === "string" ? { pid, identity, url } : { pid, identity };
  } catch {
    return undefined;
  }
}
