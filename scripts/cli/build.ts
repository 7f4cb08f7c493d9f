// Bundles the command line into one file for plain Node: what `npm pack` puts into the package.
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { projectDir } from "../lib/paths.ts";

const outDir = join(projectDir, "scripts/cli/dist");

rmSync(outDir, { recursive: true, force: true });
buildSync({
  absWorkingDir: projectDir,
  entryPoints: ["scripts/cli/bin.ts"],
  outfile: join(outDir, "mcp-gateway.mjs"),
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Packages of the bundle that are CommonJS load Node's modules by require.
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);',
  },
  // Native additions to ws, which works without them.
  external: ["bufferutil", "utf-8-validate"],
  legalComments: "none",
  logLevel: "warning",
});
chmodSync(join(outDir, "mcp-gateway.mjs"), 0o755);
