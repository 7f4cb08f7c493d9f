// Starts and stops the embedded PostgreSQL: for development with data that survives, for tests without care
// for durability. It recovers by itself from whatever a crash left behind.
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import pg from "pg";
import { type Guarded, lastLines, spawnGuarded } from "../lib/guarded.ts";
import { readJsonFile, writeJsonFile } from "../lib/json-file.ts";
import { acquireLock } from "../lib/lock.ts";
import { freePort } from "../lib/ports.ts";
import { errorCode, errorMessage, Problem } from "../lib/problem.ts";
import {
  checkMajor,
  clusterExists,
  createCluster,
  endOrphan,
  postgresEnvironment,
  superuser,
} from "./postgres-cluster.ts";
import { type Home, prepareHome } from "./postgres-home.ts";

export type PostgresOptions = {
  dataDir: string;
  /** 0 or absent: a port chosen once, kept while it is free. */
  port?: number;
  durable: boolean;
  /** Databases to create when they are missing. */
  databases?: string[];
  /** Remove all data when PostgreSQL ends, however it ends. */
  temporary?: boolean;
  logFile?: string;
};

export type Postgres = {
  port: number;
  ownerUrl(database: string): string;
  /** Settles when the server has ended, for any reason. */
  exited: Promise<number>;
  logFile: string;
  stop(): Promise<void>;
};

type Access = { port: number; password: string };

export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const result = acquireLock(join(dataDir, "owner.lock"));
  if ("heldBy" in result) {
    throw new Problem(`${dataDir} is in use by process ${result.heldBy.pid}: stop it first.`);
  }
  try {
    const started = await start({ ...options, dataDir });
    void started.exited.then(result.lock.release);
    return started;
  } catch (error) {
    result.lock.release();
    throw error;
  }
}

export function urlOf(access: Access, database: string): string {
  return `postgresql://${superuser}:${access.password}@127.0.0.1:${access.port}/${encodeURIComponent(database)}`;
}

/** How to reach the server that runs on this data folder, if one was ever started there. */
export function storedAccess(dataDir: string): Access | undefined {
  const { port, password } = readJsonFile(join(dataDir, "access.json"));
  return port === undefined || password === undefined ? undefined : { port: Number(port), password };
}

async function start(options: PostgresOptions): Promise<Postgres> {
  const home = prepareHome(options.dataDir);
  const password = prepareCluster(home, options);
  await endOrphan(home);
  const wanted = options.port || storedAccess(options.dataDir)?.port;
  const logFile = options.logFile ?? join(options.dataDir, "postgres.log");
  const { access, server } = await startOnFreePort(home, options, { wanted, password, logFile });
  const postgres: Postgres = {
    port: access.port,
    ownerUrl: (database) => urlOf(access, database),
    exited: server.exited,
    logFile,
    stop: async () => void (await server.stop()),
  };
  for (const database of options.databases ?? [])
    await ensureDatabase(postgres.ownerUrl("postgres"), database);
  return postgres;
}

function prepareCluster(home: Home, options: PostgresOptions): string {
  const file = join(options.dataDir, "access.json");
  const known = readJsonFile(file);
  if (clusterExists(home)) {
    checkMajor(home, options.dataDir);
    const isOutside = home.outside !== undefined && home.cluster.startsWith(home.outside);
    if (known.password !== undefined && (!isOutside || known.cluster === home.cluster)) return known.password;
    if (!isOutside) {
      throw new Problem(
        `${file} is missing, and with it the password: delete ${options.dataDir} to start with an empty database.`,
      );
    }
    // The settings in the project were deleted, or were never those of this data: that deletion was of the data too.
    rmSync(home.cluster, { recursive: true, force: true });
  }
  const password = randomBytes(24).toString("base64url");
  writeJsonFile(file, { ...known, password, cluster: home.cluster });
  createCluster(home, password, options.durable);
  return password;
}

type Wish = { wanted: number | undefined; password: string; logFile: string };

// Between finding a port free and PostgreSQL's taking it, another program may have taken it.
async function startOnFreePort(home: Home, options: PostgresOptions, wish: Wish) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? wish.wanted : undefined);
    const access = { port, password: wish.password };
    const file = join(options.dataDir, "access.json");
    writeJsonFile(file, { ...readJsonFile(file), port: String(port), cluster: home.cluster });
    const server = await spawnServer(home, options, port, wish.logFile);
    try {
      await waitUntilReady(server, access, wish.logFile);
      return { access, server };
    } catch (error) {
      await server.stop();
      if (attempt === 3 || !lastLines(wish.logFile, 20).includes("could not bind")) throw error;
    }
  }
}

function spawnServer(home: Home, options: PostgresOptions, port: number, logFile: string): Promise<Guarded> {
  const settings = { ...commonSettings, ...(options.durable ? {} : throwAwaySettings), port: String(port) };
  const args = ["-D", home.cluster];
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
  const removeAfter = options.temporary ? [options.dataDir, ...(home.outside ? [home.outside] : [])] : [];
  return spawnGuarded({
    command: home.postgres,
    args,
    cwd: home.cluster,
    env: postgresEnvironment,
    log: logFile,
    signal: "SIGINT",
    graceMs: 10_000,
    removeAfter,
    ...(home.user === undefined ? {} : { user: home.user }),
  });
}

// No Unix socket: its path would have to be short and writable for the server's user.
const commonSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "60",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

const throwAwaySettings = {
  // Several gateways, test files and the conformance suite connect at the same time.
  max_connections: "200",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
};

async function waitUntilReady(server: Guarded, access: Access, logFile: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (server.hasExited()) throw new Problem(`PostgreSQL exited at startup: ${lastLines(logFile, 3)}`);
    const failure = await tryConnect(urlOf(access, "postgres"));
    if (failure === undefined) return;
    if (Date.now() > deadline || !isStarting(failure)) {
      throw new Problem(`PostgreSQL is not responding (${errorMessage(failure)}), see ${logFile}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function tryConnect(connectionString: string): Promise<unknown> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => {});
  }
}

// 57P03: the server is starting up or recovering.
function isStarting(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ECONNREFUSED" || code === "ECONNRESET" || code === "57P03" || code === undefined;
}

export async function ensureDatabase(maintenanceUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: maintenanceUrl });
  await client.connect();
  try {
    const found = await client.query("select 1 from pg_database where datname = $1", [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}
