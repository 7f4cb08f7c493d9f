// `npm run build`: makes the modules that a deployment uploads, in dist/worker, and fails when they outgrow their limits.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { projectDir } from "./lib/paths.ts";
import { Problem, runMain } from "./lib/problem.ts";
import { buildModules, bytesByPackage, modulesAtStart } from "./run/bundle.ts";

/** Cloudflare's limit on its free plan. */
const MAX_BUNDLE_BYTES = 3 * 1024 * 1024;
/** Of the modules that are evaluated before the Worker can serve its first MCP call, compressed. */
const MAX_START_BYTES = 132 * 1024;
const LISTED_PACKAGES = 12;

const kib = (size: number) => `${(size / 1024).toFixed(1)} KiB`;

await runMain(async () => {
  const metafile = buildModules(join(projectDir, "dist", "worker"));
  const sizes = new Map(Object.keys(metafile.outputs).map((path) => [path, sizeOf(path)]));
  const whole = sum(sizes.values());
  const atStart = modulesAtStart(metafile);
  const start = sum(Array.from(atStart, (path) => sizes.get(path) ?? { bytes: 0, gzipped: 0 }));
  console.log(
    `bundle: ${kib(whole.bytes)}, ${kib(whole.gzipped)} gzip of at most ${kib(MAX_BUNDLE_BYTES)}\n` +
      `evaluated at start: ${kib(start.bytes)}, ${kib(start.gzipped)} gzip of at most ${kib(MAX_START_BYTES)}`,
  );
  for (const [name, bytes] of bytesByPackage(metafile, atStart).slice(0, LISTED_PACKAGES)) {
    console.log(`  ${kib(bytes).padStart(10)}  ${name}`);
  }
  if (whole.gzipped > MAX_BUNDLE_BYTES) {
    throw new Problem("The bundle is larger than allowed: look for a new dependency.");
  }
  if (start.gzipped > MAX_START_BYTES) {
    throw new Problem(
      "More than allowed is evaluated at start: import what the first MCP call does not need with `import()`.",
    );
  }
  return 0;
});

interface Size {
  readonly bytes: number;
  readonly gzipped: number;
}

function sizeOf(path: string): Size {
  const module = readFileSync(join(projectDir, path));
  return { bytes: module.length, gzipped: gzipSync(module, { level: 9 }).length };
}

function sum(sizes: Iterable<Size>): Size {
  return [...sizes].reduce(
    (all, { bytes, gzipped }) => ({ bytes: all.bytes + bytes, gzipped: all.gzipped + gzipped }),
    { bytes: 0, gzipped: 0 },
  );
}
