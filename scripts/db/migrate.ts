// Applies the migrations of drizzle/ as the owner. Drizzle's own migrator does the work and keeps its own books;
// what it does not notice (edited, unknown and skipped migrations) is checked before anything is changed.
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as applyAll } from "drizzle-orm/node-postgres/migrator";
import type pg from "pg";
import { migrationsDir as projectMigrations } from "../lib/paths.ts";
import { errorCode, errorMessage, Problem, runMain } from "../lib/problem.ts";
import { withDatabaseUrl } from "../run/dev-database.ts";
import { checkOwner, withClient } from "./connection.ts";
import { type Migration, readMigrations } from "./migration-files.ts";

export type AppliedMigration = { hash: string; when: number };

/** `already`: how many migrations had run before. */
export type MigrateResult = { applied: string[]; already: number };

// Any constant will do, as long as nothing else in the database uses it.
const LOCK = 0x6d63_7067;

export interface MigrateOptions {
  readonly ownerUrl: string;
  readonly migrationsDir: string;
  /** How long a statement waits for a lock. Requests queue behind a statement that waits, so it is short. */
  readonly lockTimeoutMs?: number;
}

const LOCK_TIMEOUT_MS = 5_000;
const LOCK_NOT_AVAILABLE = "55P03";

export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const migrations = readMigrations(options.migrationsDir);
  await checkOwner(options.ownerUrl);
  return withClient(options.ownerUrl, async (client) => {
    await lock(client);
    const applied = await readApplied(client);
    checkHistory(migrations, applied);
    const open = migrations.filter((migration) => !applied.some(({ when }) => when === migration.when));
    await client.query(`set lock_timeout = ${options.lockTimeoutMs ?? LOCK_TIMEOUT_MS}`);
    if (open.length > 0) await apply(client, options.migrationsDir, open);
    return { applied: open.map(({ tag }) => tag), already: applied.length };
  });
}

// The lock goes with the connection, so a run that dies leaves none behind.
async function lock(client: pg.Client): Promise<void> {
  await client.query("set lock_timeout = '60s'");
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
  } catch (error) {
    throw new Problem(`Another migration of this database is running (${errorMessage(error)}): retry later.`);
  }
  await client.query("reset lock_timeout");
}

export async function readApplied(client: pg.Client): Promise<AppliedMigration[]> {
  const found = await client.query<{ exists: boolean }>(
    "select to_regclass('drizzle.__drizzle_migrations') is not null as exists",
  );
  if (!found.rows[0]?.exists) return [];
  const { rows } = await client.query<{ hash: string; created_at: string }>(
    "select hash, created_at from drizzle.__drizzle_migrations order by created_at",
  );
  return rows.map(({ hash, created_at }) => ({ hash, when: Number(created_at) }));
}

function checkHistory(migrations: Migration[], applied: AppliedMigration[]): void {
  for (const { hash, when } of applied) {
    const file = migrations.find((migration) => migration.when === when);
    if (file === undefined) {
      throw new Problem(
        `The database is newer than this code: it has a migration of ${new Date(when).toISOString()} that is missing here. Update the code, or use another database.`,
      );
    }
    if (file.hash !== hash) {
      throw new Problem(
        `Migration ${file.tag}.sql was edited after it ran: restore the file and put the change into a new migration.`,
      );
    }
  }
  const last = Math.max(0, ...applied.map(({ when }) => when));
  const skipped = migrations.find(({ when }) => when < last && !applied.some((entry) => entry.when === when));
  if (skipped !== undefined) {
    throw new Problem(
      `Migration ${skipped.tag}.sql is older than the last one that ran but never ran itself: regenerate it so that it comes last.`,
    );
  }
}

async function apply(client: pg.Client, migrationsFolder: string, open: Migration[]): Promise<void> {
  try {
    await applyAll(drizzle(client), { migrationsFolder });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const query = error instanceof Error && "query" in error ? String(error.query) : "";
    const file = query === "" ? undefined : open.find(({ sql }) => sql.includes(query));
    const name = file === undefined ? "The migrations" : `Migration ${file.tag}.sql`;
    if (errorCode(cause) === LOCK_NOT_AVAILABLE)
      throw new Problem(
        `${name} could not lock a table, no changes applied: end the long transaction that holds it (pg_stat_activity), and retry.`,
      );
    throw new Problem(`${name} failed, no changes applied: ${errorMessage(cause)}`);
  }
}

if (import.meta.main) {
  await runMain(async () => {
    await withDatabaseUrl(async (ownerUrl) => {
      const { applied, already } = await migrate({ ownerUrl, migrationsDir: projectMigrations });
      for (const tag of applied) console.log(`applied ${tag}`);
      console.log(`${applied.length} migrations applied, ${already} already applied.`);
    });
    return 0;
  });
}
