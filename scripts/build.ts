// `npm run build`: bundles the Worker as a deployment would and fails when the bundle outgrows its budget.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { projectDir } from "./lib/paths.ts";

/** Cloudflare allows 3 MiB on its free plan; small bundles start sooner. */
const BUDGET = 1024 * 1024;

const out = join(projectDir, "dist");
rmSync(out, { recursive: true, force: true });
const wrangler = join(projectDir, "node_modules", "wrangler", "bin", "wrangler.js");
const built = spawnSync(
  process.execPath,
  [wrangler, "deploy", "--dry-run", "--env", "production", "--outdir", out],
  { cwd: projectDir, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
);
if (built.status !== 0) {
  console.error(built.stdout, built.stderr);
  process.exit(1);
}

const modules = readdirSync(out)
  .map((name) => join(out, name))
  .filter((file) => statSync(file).isFile() && /\.(js|mjs|wasm|bin|txt|html|css)$/.test(file))
  .map((file) => readFileSync(file));
const bytes = modules.reduce((sum, module) => sum + module.length, 0);
const gzipped = modules.reduce((sum, module) => sum + gzipSync(module, { level: 9 }).length, 0);
const kib = (size: number) => `${(size / 1024).toFixed(1)} KiB`;
console.log(`bundle: ${kib(bytes)}, ${kib(gzipped)} gzip, of ${kib(BUDGET)} allowed`);
if (gzipped > BUDGET) {
  console.error(
    "The bundle is larger than allowed: look for a new dependency in `npx wrangler deploy --dry-run --metafile`.",
  );
  process.exitCode = 1;
}
