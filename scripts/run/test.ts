// `npm test`: a PostgreSQL of its own, a fresh database migrated from zero, then every stage of test-stages.ts. The
// last line counts the tests.
import { readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { devDir, projectDir } from "../lib/paths.ts";
import { printProblem } from "../lib/problem.ts";
import { ensureChromium, findChromium } from "./chromium.ts";
import { runStages } from "./run-stages.ts";
import { prepareSharedBundle } from "./shared-bundle.ts";
import { createShutdown, onWishToEnd, type Shutdown } from "./shutdown.ts";
import { parseTestArgs } from "./test-args.ts";
import { addCounts, countLine, countTests, listFailures } from "./test-count.ts";
import { selectStages, type TestStage } from "./test-stages.ts";
import { type RunTimes, readTimes, writeTimes } from "./test-times.ts";
import { startThrowAwayDatabase } from "./throw-away-database.ts";

async function main(shutdown: Shutdown): Promise<number> {
  const args = parseTestArgs(process.argv.slice(2));
  let databaseMs = 0;
  const reportFile = join(devDir(), "vitest.json");
  rmSync(reportFile, { force: true });
  const reporters = [
    "--reporter=./scripts/run/test-reporter.ts",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
  ];
  // One line per finding of the security review, where the run covers them.
  const isWhole = args.selection === "all" || args.selection === "ci";
  if (isWhole || args.selection === "security")
    reporters.push("--reporter=./tests/security/findings-reporter.ts");
  const stages = selectStages(args, reporters);
  const chromium = isWhole ? ensureChromium(console.log) : findChromium();
  const base = {
    ...process.env,
    ...prepareSharedBundle(shutdown),
    ...(chromium !== undefined && { CHROMIUM_PATH: chromium }),
    PATH: [join(projectDir, "node_modules", ".bin"), process.env.PATH].join(delimiter),
    ...(args.selection === "security" && { TEST_ONLY: "security" }),
    ...(args.isLong === true && { TEST_LONG: "1" }),
  };
  // Starts while the first stages run.
  const startedAt = Date.now();
  const starting = startThrowAwayDatabase(shutdown).then((database) => {
    databaseMs = Date.now() - startedAt;
    return database;
  });
  const environment = async ({ needsDatabase = false }: TestStage) => {
    if (!needsDatabase) return base;
    const { ownerUrl, runtimeUrl, neonEndpoint } = await starting;
    return {
      ...base,
      TEST_DATABASE_URL: ownerUrl,
      TEST_RUNTIME_URL: runtimeUrl,
      TEST_NEON_ENDPOINT: neonEndpoint,
    };
  };
  const [results] = await Promise.all([runStages(stages, { shutdown, environment }), starting]);
  await shutdown.run(0);
  saveStageTimes([
    { name: "start of the database, beside the first stages", ms: databaseMs },
    ...results.map(({ name, durationMs }) => ({ name, ms: durationMs })),
  ]);
  const report = readReport(reportFile);
  const counts = results.reduce(
    (sum, { counts: counted }) => (counted === undefined ? sum : addCounts(sum, counted)),
    countTests(report),
  );
  const failed = results.filter(({ exitCode }) => exitCode !== 0);
  for (const failure of listFailures(report, projectDir)) console.log(`\nFAILED ${failure}`);
  for (const { name } of failed) console.log(`\n${name}: failed`);
  console.log(`\n${countLine(counts)}`);
  return failed.length > 0 || counts.failed > 0 || counts.passed === 0 ? 1 : 0;
}

/** The reporter has written the times of the files. */
function saveStageTimes(stages: RunTimes["stages"]): void {
  const times = readTimes();
  if (times !== undefined) writeTimes({ ...times, stages });
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
