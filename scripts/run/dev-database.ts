// The database that scripts beside `npm run dev` work on: the one of DATABASE_URL, else the development
// database, which is started for the while when it does not run.
import { join } from "node:path";
import { parseDatabaseUrl } from "../db/connection.ts";
import { lockHolder } from "../lib/lock.ts";
import { devDir } from "../lib/paths.ts";
import { Problem } from "../lib/problem.ts";
import { startPostgres, storedAccess, urlOf } from "./postgres.ts";

export const database = "gateway";

/** Hands over the owner's URL over plain PostgreSQL. */
export async function withDatabaseUrl(use: (ownerUrl: string) => Promise<void>): Promise<void> {
  const own = ownDatabaseUrl();
  if (own !== undefined) return use(own);
  const dataDir = join(devDir(), "postgres");
  if (lockHolder(join(dataDir, "owner.lock")) !== undefined) return use(runningUrl(dataDir));
  const postgres = await startPostgres({ dataDir, durable: true, databases: [database] });
  try {
    await use(postgres.ownerUrl(database));
  } finally {
    await postgres.stop();
  }
}

/** DATABASE_URL if it is set, checked; an empty one counts as not set. */
export function ownDatabaseUrl(): string | undefined {
  const text = process.env.DATABASE_URL?.trim();
  return text ? parseDatabaseUrl(text).href : undefined;
}

function runningUrl(dataDir: string): string {
  const access = storedAccess(dataDir);
  if (access === undefined) throw new Problem("The development database is starting: retry later.");
  return urlOf(access, database);
}
