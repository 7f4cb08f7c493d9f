// Bundles the Worker for production: ES modules, split where the source imports on demand, so that workerd compiles a
// part when it is first needed. (wrangler's own bundler makes one module of everything; `wrangler dev` uses that.)
import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync, type Metafile } from "esbuild";
import { projectDir } from "../lib/paths.ts";
import { Problem } from "../lib/problem.ts";

/** The module that the others are imported by. */
export const MAIN_MODULE = "index.mjs";

const ENTRY = "src/index.ts";

/** Writes the modules to `outDir` and returns the name of the main one; `legible` keeps names for profiles. */
export function bundleWorker(outDir: string, options: { readonly legible?: boolean } = {}): string {
  buildModules(outDir, options);
  return MAIN_MODULE;
}

/** Paths in the result are relative to the project. */
export function buildModules(outDir: string, { legible = false } = {}): Metafile {
  rmSync(outDir, { recursive: true, force: true });
  try {
    return buildSync({
      absWorkingDir: projectDir,
      entryPoints: [join(projectDir, ENTRY)],
      outdir: outDir,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      minify: !legible,
      platform: "neutral",
      target: "es2024",
      // As wrangler resolves packages for workerd, which has Node's modules under their full names.
      conditions: ["workerd", "worker", "browser"],
      mainFields: ["browser", "module", "main"],
      external: ["cloudflare:*", "node:*"],
      define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
      // What pages load is served as it stands.
      loader: { ".client.js": "text", ".min.js": "text" },
      metafile: true,
      logLevel: "silent",
    }).metafile;
  } catch (error) {
    throw new Problem(`The Worker cannot be bundled:\n${error instanceof Error ? error.message : error}`);
  }
}

/** The modules that are evaluated when the Worker starts, as paths of the metafile. */
export function modulesAtStart({ outputs }: Metafile): ReadonlySet<string> {
  const [main] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === ENTRY) ?? [];
  if (main === undefined) throw new Problem(`The bundle has no module of ${ENTRY}.`);
  const found = new Set([main]);
  for (const path of found) {
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) found.add(imported);
    }
  }
  return found;
}

/** How many bytes of some modules come from which package, or from which folder of src; the largest first. */
export function bytesByPackage(
  { outputs }: Metafile,
  modules: ReadonlySet<string>,
): readonly (readonly [name: string, bytes: number])[] {
  const sums = new Map<string, number>();
  for (const module of modules) {
    for (const [file, { bytesInOutput }] of Object.entries(outputs[module]?.inputs ?? {})) {
      const name = packageOf(file);
      sums.set(name, (sums.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...sums].sort(([, one], [, other]) => other - one);
}

function packageOf(file: string): string {
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  return name ?? file.split("/").slice(0, 2).join("/");
}
