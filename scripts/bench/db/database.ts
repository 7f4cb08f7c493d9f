/** The benchmark's own database: made, migrated, and stripped of the 38 indexes and given them back. */
import pg from "pg";
import { databaseOf, withDatabase } from "../../db/connection.ts";
import { migrate } from "../../db/migrate.ts";
import { migrationsDir } from "../../lib/paths.ts";
import { Problem } from "../../lib/problem.ts";

export interface BenchDatabase {
  url: string;
  drop(): Promise<void>;
}

/** Beside the database of the URL, never in it. */
export async function createDatabase(ownerUrl: string): Promise<BenchDatabase> {
  const name = `${databaseOf(new URL(ownerUrl))}_bench`;
  const quoted = pg.escapeIdentifier(name);
  await asOwner(ownerUrl, async (client) => {
    await client.query(`drop database if exists ${quoted} with (force)`);
    await client.query(`create database ${quoted}`);
  });
  const url = withDatabase(ownerUrl, name);
  await migrate({ ownerUrl: url, migrationsDir });
  return {
    url,
    drop: () =>
      asOwner(ownerUrl, async (client) => void (await client.query(`drop database ${quoted} with (force)`))),
  };
}

export async function asOwner<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

export interface IndexDefinition {
  name: string;
  definition: string;
}

/** Of partitioned tables the parent's index, which takes those of the partitions along. */
export async function listIndexes(client: pg.Client): Promise<IndexDefinition[]> {
  const { rows } = await client.query<IndexDefinition>(`
    select c.relname as name, pg_get_indexdef(c.oid) as definition
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('i', 'I') and not c.relispartition
       and c.relname like 'idx\\_%'
     order by c.relname`);
  if (rows.length !== 38) throw new Problem(`There are ${rows.length} indexes called idx_…; expected 38.`);
  return rows;
}

export async function dropIndexes(client: pg.Client, indexes: IndexDefinition[]): Promise<void> {
  for (const { name } of indexes) await client.query(`drop index ${pg.escapeIdentifier(name)}`);
}

export async function createIndexes(
  client: pg.Client,
  indexes: IndexDefinition[],
  report: (done: number) => void,
): Promise<void> {
  for (const [done, { definition }] of indexes.entries()) {
    // pg_get_indexdef returns ON ONLY for a partitioned table, which would leave its partitions without.
    await client.query(definition.replace(/ ON ONLY /, " ON "));
    report(done + 1);
  }
}
