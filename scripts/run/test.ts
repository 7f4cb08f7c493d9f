// `npm test`: a PostgreSQL of its own, a fresh database migrated from zero, then every check in order. The last
// line counts the tests.
import { readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { spawnGuarded } from "../lib/guarded.ts";
import { devDir, projectDir } from "../lib/paths.ts";
import { Problem, printProblem } from "../lib/problem.ts";
import { ensureChromium, findChromium } from "./chromium.ts";
import { createShutdown, onWishToEnd, type Shutdown } from "./shutdown.ts";
import { parseTestArgs } from "./test-args.ts";
import { countLine, countTests } from "./test-count.ts";
import { startThrowAwayDatabase } from "./throw-away-database.ts";

async function main(shutdown: Shutdown): Promise<number> {
  const args = parseTestArgs(process.argv.slice(2));
  const reportFile = join(devDir(), "vitest.json");
  rmSync(reportFile, { force: true });
  const database = await startThrowAwayDatabase(shutdown);
  const chromium = args.unitOnly ? findChromium() : ensureChromium(console.log);
  const environment = {
    ...process.env,
    ...(chromium !== undefined && { CHROMIUM_PATH: chromium }),
    PATH: [join(projectDir, "node_modules", ".bin"), process.env.PATH].join(delimiter),
    TEST_DATABASE_URL: database.ownerUrl,
    TEST_RUNTIME_URL: database.runtimeUrl,
    TEST_NEON_ENDPOINT: database.neonEndpoint,
  };
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${reportFile}`];
  const failed: string[] = [];
  const stage = async (name: string, command: string[]) => {
    console.log(`\n── ${name}`);
    if ((await runStage(shutdown, command, environment)) !== 0) failed.push(name);
    if (shutdown.running) throw new Problem("Ended on request.", 130);
  };
  if (!args.unitOnly) {
    await stage("Worker types", ["wrangler", "types", "--strict-vars=false"]);
    await stage("type check", ["tsc", "-p", "."]);
    await stage("type check of scripts", ["tsc", "-p", "scripts"]);
    await stage("Biome", ["biome", "check", "."]);
  }
  await stage("tests", ["vitest", "run", ...reporters, ...args.vitest]);
  await shutdown.run(0);
  const counts = countTests(readReport(reportFile));
  for (const name of failed) console.log(`\n${name}: failed`);
  console.log(`\n${countLine(counts)}`);
  return failed.length > 0 || counts.failed > 0 || counts.passed === 0 ? 1 : 0;
}

// Under a guard as well, so that killing this process ends vitest and its workerd too.
async function runStage(shutdown: Shutdown, command: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [name = "", ...args] = command;
  const stage = await spawnGuarded({
    command: join(projectDir, "node_modules", ".bin", name),
    args,
    cwd: projectDir,
    env,
    log: "inherit",
    signal: "SIGTERM",
    graceMs: 5_000,
  });
  shutdown.add(stage.stop);
  return stage.exited;
}

function readReport(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

const shutdown = createShutdown();
onWishToEnd(
  () => void shutdown.run(130).then((code) => process.exit(code)),
  () => process.exit(130),
);
try {
  const exitCode = await main(shutdown);
  process.exit(exitCode);
} catch (error) {
  if (!shutdown.running) process.exit(await shutdown.run(printProblem(error)));
}
