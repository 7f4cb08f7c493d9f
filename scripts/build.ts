// `npm run build`: bundles the Worker as a deployment would and fails when the bundle outgrows its budget.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { projectDir } from "./lib/paths.ts";
import { Problem, runMain } from "./lib/problem.ts";
import { bundleWorker } from "./run/bundle.ts";

/** Cloudflare allows 3 MiB on its free plan; small bundles start sooner. */
const BUDGET = 1024 * 1024;

const kib = (size: number) => `${(size / 1024).toFixed(1)} KiB`;

await runMain(async () => {
  const out = join(projectDir, "dist");
  bundleWorker(out);
  const modules = readdirSync(out)
    .map((name) => join(out, name))
    .filter((file) => statSync(file).isFile() && /\.(js|mjs|wasm|bin|txt|html|css)$/.test(file))
    .map((file) => readFileSync(file));
  const bytes = modules.reduce((sum, module) => sum + module.length, 0);
  const gzipped = modules.reduce((sum, module) => sum + gzipSync(module, { level: 9 }).length, 0);
  console.log(`bundle: ${kib(bytes)}, ${kib(gzipped)} gzip, of ${kib(BUDGET)} allowed`);
  if (gzipped > BUDGET) {
    throw new Problem(
      "The bundle is larger than allowed: look for a new dependency with `npx wrangler deploy --dry-run --metafile`.",
    );
  }
  return 0;
});
