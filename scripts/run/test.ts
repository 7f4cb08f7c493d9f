// `npm test`: a PostgreSQL of its own, a fresh database migrated from zero, then every check in order. The last
// line counts the tests.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { checkOwner, parseDatabaseUrl, withClient, withDatabase } from "../db/connection.ts";
import { migrate } from "../db/migrate.ts";
import { ensureRuntimeLogin } from "../db/runtime-login.ts";
import { spawnGuarded } from "../lib/guarded.ts";
import { devDir, migrationsDir, projectDir } from "../lib/paths.ts";
import { errorMessage, Problem, printProblem } from "../lib/problem.ts";
import { startNeonEndpoint } from "../neon/endpoint.ts";
import { ensureDatabase, startPostgres } from "./postgres.ts";
import { createShutdown, onWishToEnd, type Shutdown } from "./shutdown.ts";
import { parseTestArgs } from "./test-args.ts";
import { countLine, countTests } from "./test-count.ts";

const LOGIN = "gateway_test";

async function main(shutdown: Shutdown): Promise<number> {
  const args = parseTestArgs(process.argv.slice(2));
  const reportFile = join(devDir(), "vitest.json");
  rmSync(reportFile, { force: true });
  const environment = await prepareDatabase(shutdown);
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

async function prepareDatabase(shutdown: Shutdown): Promise<NodeJS.ProcessEnv> {
  const ownerUrl = await createDatabase(shutdown);
  await migrate({ ownerUrl, migrationsDir });
  const runtimeUrl = await ensureRuntimeLogin({ ownerUrl, login: LOGIN, password: loginPassword(ownerUrl) });
  const { hostname, port } = new URL(ownerUrl);
  // Nothing listens on port 1: what a database that is down looks like from the Worker.
  const endpoint = await startNeonEndpoint({ allow: [`${hostname}:${port || "5432"}`, "127.0.0.1:1"] });
  shutdown.add(endpoint.close);
  return {
    ...process.env,
    PATH: [join(projectDir, "node_modules", ".bin"), process.env.PATH].join(delimiter),
    TEST_DATABASE_URL: ownerUrl,
    TEST_RUNTIME_URL: runtimeUrl,
    TEST_NEON_ENDPOINT: endpoint.url,
  };
}

async function createDatabase(shutdown: Shutdown): Promise<string> {
  const own = process.env.TEST_DATABASE_URL?.trim();
  if (!own) return startOwnServer(shutdown);
  const serverUrl = parseServerUrl(own);
  await checkOwner(serverUrl);
  const database = `gateway_test_${randomBytes(6).toString("hex")}`;
  await ensureDatabase(serverUrl, database);
  shutdown.add(() => dropDatabase(serverUrl, database));
  return withDatabase(serverUrl, database);
}

async function startOwnServer(shutdown: Shutdown): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), "mcp-registry-gateway-test-"));
  const options = { dataDir, durable: false, temporary: true, databases: ["gateway"] };
  const logFile = join(devDir(), "logs", "test-postgres.log");
  const postgres = await startPostgres({ ...options, logFile }).catch((error) => {
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  });
  shutdown.add(postgres.stop);
  return postgres.ownerUrl("gateway");
}

// On a server that several runs share, all of them must set the login's one password to the same.
function loginPassword(ownerUrl: string): string {
  return createHash("sha256")
    .update(`${LOGIN}:${new URL(ownerUrl).password}`)
    .digest("base64url");
}

function parseServerUrl(text: string): string {
  try {
    return parseDatabaseUrl(text).href;
  } catch (error) {
    throw new Problem(errorMessage(error).replace("DATABASE_URL", "TEST_DATABASE_URL"));
  }
}

async function dropDatabase(serverUrl: string, database: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    await client.query(`drop database if exists ${client.escapeIdentifier(database)} with (force)`);
    // Fails while another run uses the login, and that run drops it then.
    await client.query(`drop role if exists ${LOGIN}`).catch(() => {});
  });
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
