// Bundles the Worker once for all processes of a test run.
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { acquireLock } from "../lib/lock.ts";
import { bundleWorker, MAIN_MODULE } from "./bundle.ts";
import type { Shutdown } from "./shutdown.ts";

/** Names the folder that the run creates for its bundle and removes at its end. */
const VARIABLE = "TEST_BUNDLE_DIR";

/** The variables that let every process of a run find its bundle. */
export function prepareSharedBundle(shutdown: Shutdown): Record<string, string> {
  const dir = mkdtempSync(join(tmpdir(), "mcp-registry-gateway-bundle-"));
  shutdown.add(async () => rmSync(dir, { recursive: true, force: true }));
  return { [VARIABLE]: dir };
}

/**
 * Copies the run's bundle to `outDir` and returns the name of its main module. The first caller bundles, the others
 * wait for it. Outside a test run every caller bundles for itself.
 */
export async function copySharedBundle(outDir: string): Promise<string> {
  const shared = process.env[VARIABLE];
  if (shared === undefined) return bundleWorker(outDir);
  const bundle = join(shared, "worker");
  await createOnce(bundle, join(shared, "bundle.lock"));
  cpSync(bundle, outDir, { recursive: true });
  return MAIN_MODULE;
}

async function createOnce(bundle: string, lockFile: string): Promise<void> {
  while (!existsSync(bundle)) {
    const result = acquireLock(lockFile);
    if ("heldBy" in result) {
      await wait(20);
      continue;
    }
    try {
      if (existsSync(bundle)) return;
      bundleWorker(`${bundle}.new`);
      renameSync(`${bundle}.new`, bundle);
    } finally {
      result.lock.release();
    }
  }
}
