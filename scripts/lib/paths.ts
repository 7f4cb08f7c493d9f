// The paths of scripts. Everything that a run leaves behind is under one git-ignored folder.
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const migrationsDir = join(projectDir, "drizzle");

/** GATEWAY_DEV_DIR lets a second, separate environment run beside the usual one; tests use it. */
export function devDir(): string {
  const dir = resolve(projectDir, process.env.GATEWAY_DEV_DIR ?? ".dev");
  mkdirSync(join(dir, "logs"), { recursive: true });
  return dir;
}
