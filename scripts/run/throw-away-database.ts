// A fresh database, migrated from zero, with the Worker's login and the local Neon endpoint before it; gone afterwards.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkOwner, parseDatabaseUrl, withClient, withDatabase } from "../db/connection.ts";
import { migrate } from "../db/migrate.ts";
import { ensureRuntimeLogin } from "../db/runtime-login.ts";
import { devDir, migrationsDir } from "../lib/paths.ts";
import { errorMessage, Problem } from "../lib/problem.ts";
import { startNeonEndpoint } from "../neon/endpoint.ts";
import { ensureDatabase, startPostgres } from "./postgres.ts";
import type { Shutdown } from "./shutdown.ts";

const LOGIN = "gateway_test";

export interface ThrowAwayDatabase {
  readonly ownerUrl: string;
  readonly runtimeUrl: string;
  readonly neonEndpoint: string;
}

export async function startThrowAwayDatabase(shutdown: Shutdown): Promise<ThrowAwayDatabase> {
  const ownerUrl = await createDatabase(shutdown);
  await migrate({ ownerUrl, migrationsDir });
  const runtimeUrl = await ensureRuntimeLogin({ ownerUrl, login: LOGIN, password: loginPassword(ownerUrl) });
  const { hostname, port } = new URL(ownerUrl);
  // Nothing listens on port 1: what a database that is down looks like from the Worker.
  const endpoint = await startNeonEndpoint({ allow: [`${hostname}:${port || "5432"}`, "127.0.0.1:1"] });
  shutdown.add(endpoint.close);
  return { ownerUrl, runtimeUrl, neonEndpoint: endpoint.url };
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
