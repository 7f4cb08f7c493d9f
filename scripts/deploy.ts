// `npm run deploy -- [--env production|staging] [--dry-run]`: builds, checks wrangler.toml as `npm run doctor` does, and uploads.
// With --dry-run wrangler packs every module and uploads nothing, so that it needs no account and no origin of one's own;
// without --env, it does so for every environment.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatCheck } from "./doctor/check.ts";
import { checkConfiguration, expectedConfiguration, readWranglerConfig } from "./doctor/configuration.ts";
import { projectDir } from "./lib/paths.ts";
import { Problem, runMain } from "./lib/problem.ts";
import { EXIT_USAGE, withUsage } from "./lib/usage.ts";

const USAGE = "npm run deploy -- [--env production|staging] [--dry-run]";
const PRODUCTION = "production";
const ENVIRONMENTS = [PRODUCTION, "staging"];

await runMain(async () => {
  const { env, isDryRun } = readArguments(process.argv.slice(2));
  if (!isDryRun) refuseUnready(env ?? PRODUCTION);
  run("node", [join("scripts", "build.ts")]);
  if (!isDryRun) upload(env ?? PRODUCTION, []);
  else for (const each of env === undefined ? ENVIRONMENTS : [env]) upload(each, ["--dry-run"]);
  return 0;
});

function upload(env: string, options: readonly string[]): void {
  const module = join("dist", "worker", "index.mjs");
  run("wrangler", ["deploy", module, "--no-bundle", "--no-minify", "--env", env, ...options]);
}

function refuseUnready(env: string): void {
  const file = join(projectDir, "wrangler.toml");
  const checks = checkConfiguration(readWranglerConfig(file, env), env, expectedConfiguration(file));
  const failed = checks.filter(({ state }) => state === "failed");
  if (failed.length > 0) throw new Problem(failed.map(formatCheck).join("\n"));
}

function run(program: string, args: readonly string[]): void {
  const { status } = spawnSync(join(projectDir, "node_modules", ".bin", program), args, {
    cwd: projectDir,
    stdio: "inherit",
  });
  if (status !== 0) throw new Problem(`${program} ${args[0]} failed.`, status ?? 1);
}

function readArguments(args: string[]) {
  const options = { env: { type: "string" }, "dry-run": { type: "boolean", default: false } } as const;
  const { env, "dry-run": isDryRun } = withUsage(USAGE, () => parseArgs({ args, options }).values);
  if (env !== undefined && !ENVIRONMENTS.includes(env)) throw new Problem(USAGE, EXIT_USAGE);
  return { env, isDryRun };
}
