// Bundles the Worker as a deployment would, without deploying it.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../lib/paths.ts";
import { Problem } from "../lib/problem.ts";

/** Leaves the modules in `outDir` and returns the name of the main one; `legible` for whoever reads a profile of it. */
export function bundleWorker(outDir: string, { legible = false } = {}): string {
  rmSync(outDir, { recursive: true, force: true });
  const wrangler = join(projectDir, "node_modules", "wrangler", "bin", "wrangler.js");
  const built = spawnSync(
    process.execPath,
    [
      wrangler,
      "deploy",
      "--dry-run",
      "--env",
      "production",
      "--outdir",
      outDir,
      ...(legible ? ["--no-minify"] : []),
    ],
    { cwd: projectDir, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
  );
  if (built.status !== 0) throw new Problem(`The Worker cannot be bundled:\n${built.stdout}${built.stderr}`);
  return "index.js";
}
