// `npm run dev`: from nothing to a gateway that answers, on one command; and back to nothing on Ctrl-C.
import { join } from "node:path";
import { checkOwner, isNeon } from "../db/connection.ts";
import { migrate } from "../db/migrate.ts";
import { ensureRuntimeLogin } from "../db/runtime-login.ts";
import { seed, seedFile } from "../db/seed.ts";
import { startExamples } from "../examples/start.ts";
import { lastLines } from "../lib/guarded.ts";
import { acquireLock, type Lock } from "../lib/lock.ts";
import { devDir, migrationsDir } from "../lib/paths.ts";
import { isPortFree, nextFreePort } from "../lib/ports.ts";
import { Problem, printProblem } from "../lib/problem.ts";
import { startNeonEndpoint } from "../neon/endpoint.ts";
import { type DevArgs, devHelp, parseDevArgs } from "./dev-args.ts";
import { startDevCron } from "./dev-cron.ts";
import { database, ownDatabaseUrl } from "./dev-database.ts";
import { type Ready, readyBlock, readyLine } from "./dev-output.ts";
import { devSecrets } from "./dev-secrets.ts";
import { startPostgres } from "./postgres.ts";
import { createShutdown, onWishToEnd, type Shutdown } from "./shutdown.ts";
import { superviseWorker } from "./supervise-worker.ts";
import { endOrphanedWorker, followLog } from "./worker.ts";

const DEFAULT_PORT = 8787;

type Context = { args: DevArgs; dir: string; shutdown: Shutdown; print: (text: string) => void };

async function main(): Promise<void> {
  const shutdown = createShutdown();
  onWishToEnd(
    () => void endWith(shutdown, 0),
    () => process.exit(130),
  );
  try {
    const args = parseDevArgs(process.argv.slice(2));
    if (args.help) return console.log(devHelp);
    await start({ args, dir: devDir(), shutdown, print: args.json ? console.error : console.log });
  } catch (error) {
    // Things started fail when a wish to end takes away what they stand on; that is no news.
    if (shutdown.running) return;
    await endWith(shutdown, printProblem(error));
  }
}

async function endWith(shutdown: Shutdown, exitCode: number): Promise<void> {
  process.exit(await shutdown.run(exitCode));
}

async function start(context: Context): Promise<void> {
  const { args, dir, shutdown, print } = context;
  const started = performance.now();
  const lock = lockProject(context);
  await endOrphanedWorker(dir);
  const port = await choosePort(args.port);
  const ownerUrl = await startDatabase(context);
  await migrateAndPrint(ownerUrl, print);
  const secrets = devSecrets(dir);
  const login = { ownerUrl, login: "gateway_dev", password: secrets.runtimePassword };
  const runtimeUrl = await ensureRuntimeLogin(login);
  const examples = await startExamples();
  shutdown.add(examples.close);
  const seeded = await seed({ ownerUrl, secretsFile: seedFile(), servers: examples.servers });
  const publicUrl = `http://127.0.0.1:${port}`;
  const endpoint = await startEndpoint(context, ownerUrl);
  if (args.demoTraffic) {
    const { tenant } = seeded;
    const options = { ownerUrl, runtimeUrl, endpoint: endpoint.NEON_ENDPOINT, tenant, now: Date.now() };
    const { addDemoTraffic } = await import("../demo/traffic.ts");
    print(`Demo traffic: ${await addDemoTraffic(options)} calls added.`);
  }
  const variables = {
    ENVIRONMENT: "development",
    PUBLIC_URL: publicUrl,
    DATABASE_URL: runtimeUrl,
    ...endpoint,
    BETTER_AUTH_SECRET: secrets.authSecret,
    ENCRYPTION_KEYS: secrets.encryptionKeys,
  };
  const worker = await superviseWorker({ devDir: dir, port, variables }, console.error);
  shutdown.add(worker.stop);
  await worker.ready;
  void worker.failed.then(() => died(shutdown, "The gateway", worker.logFile));
  const cron = startDevCron(publicUrl, console.error);
  shutdown.add(async () => cron.stop());
  lock.update({ url: publicUrl });
  const ready = {
    databaseUrl: ownerUrl,
    mcpUrl: `${publicUrl}/mcp`,
    adminUrl: `${publicUrl}/admin`,
    ...seeded,
  };
  sayReady(context, ready, (performance.now() - started) / 1000);
  if (!args.json) followLog(worker.logFile, (text) => process.stdout.write(text));
}

function lockProject({ dir, shutdown }: Context): Lock {
  const result = acquireLock(join(dir, "dev.lock"));
  if ("heldBy" in result) {
    const { pid, url } = result.heldBy;
    const where = url === undefined ? "and is still starting" : `at ${url}`;
    throw new Problem(
      `npm run dev is already running (PID ${pid}) ${where}. Use it, or stop it with kill ${pid}.`,
    );
  }
  shutdown.add(async () => result.lock.release());
  return result.lock;
}

async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return nextFreePort(DEFAULT_PORT);
  if (await isPortFree(wanted)) return wanted;
  throw new Problem(`Port ${wanted} is in use. Choose another with --port, or omit --port.`);
}

async function startDatabase({ dir, shutdown, print }: Context): Promise<string> {
  const own = ownDatabaseUrl();
  if (own !== undefined) {
    await checkOwner(own);
    print(`Using the database at ${new URL(own).host}.`);
    return own;
  }
  const logFile = join(dir, "logs", "postgres.log");
  const dataDir = join(dir, "postgres");
  const postgres = await startPostgres({ dataDir, durable: true, databases: [database], logFile });
  shutdown.add(postgres.stop);
  void postgres.exited.then(() => died(shutdown, "PostgreSQL", logFile));
  print(`PostgreSQL runs on port ${postgres.port}.`);
  return postgres.ownerUrl(database);
}

async function migrateAndPrint(ownerUrl: string, print: Context["print"]): Promise<void> {
  const { applied, already } = await migrate({ ownerUrl, migrationsDir });
  print(`${applied.length} migrations applied, ${already} already applied.`);
}

/** The variables that lead the Worker's driver to the local endpoint; Neon itself needs none. */
async function startEndpoint({ shutdown }: Context, ownerUrl: string): Promise<{ NEON_ENDPOINT?: string }> {
  const url = new URL(ownerUrl);
  if (isNeon(url)) return {};
  const endpoint = await startNeonEndpoint({ allow: [`${url.hostname}:${url.port || "5432"}`] });
  shutdown.add(endpoint.close);
  return { NEON_ENDPOINT: endpoint.url };
}

function died(shutdown: Shutdown, what: string, logFile: string): void {
  if (shutdown.running) return;
  console.error(`${what} exited unexpectedly. Last lines of ${logFile}:\n${lastLines(logFile, 15)}`);
  void endWith(shutdown, 1);
}

function sayReady({ args }: Context, ready: Ready, seconds: number): void {
  console.log(args.json ? readyLine(ready) : readyBlock(ready, seconds));
}

await main();
