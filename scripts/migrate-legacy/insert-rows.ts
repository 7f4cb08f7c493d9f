// Inserts rows by COPY into a staging table and from there into the target, noting which are new and a checksum of each column.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { chainRows } from "./chain-audit.ts";
import { formatCopyLine } from "./copy-text.ts";
import { listColumns, type TargetName, type TargetRow, timeColumn } from "./target-tables.ts";

export interface InsertResult {
  readonly inserted: number;
  /** Rows with the same ID were there. */
  readonly present: number;
  /** IDs of rows that collide with another row's unique value. */
  readonly collided: readonly string[];
}

export const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
const stageName = (table: TargetName) => quote(`stage_${table}`);
const names = (table: TargetName) => listColumns(table).map(quote).join(", ");

/** The type that IDs are compared as: better-auth's tables have text. */
export const idType = (table: TargetName) => (["user", "account"].includes(table) ? "text" : "uuid");

/** Combines the hashes of a column's values, each with its row's ID, whatever the order of the rows. */
export const checksumSql = (table: TargetName) =>
  `jsonb_build_object(${listColumns(table)
    .map(
      (column) =>
        `'${column}', bit_xor(hashtextextended(${quote(column)}::text, hashtextextended(id::text, 0)))::text`,
    )
    .join(", ")})`;

export async function stageRows(
  client: pg.Client,
  table: TargetName,
  rows: readonly TargetRow[],
): Promise<string> {
  const stage = stageName(table);
  await client.query(
    `create temporary table if not exists ${stage} (like public.${quote(table)} including defaults) on commit delete rows`,
  );
  const lines = rows.map(({ values }) => formatCopyLine(values));
  await pipeline(
    Readable.from(lines.join("") === "" ? [] : [lines.join("")]),
    client.query(copyFrom(`copy ${stage} (${names(table)}) from stdin`)),
  );
  return stage;
}

export interface InsertingRun {
  readonly runId: string;
  /** Times in the future are set to it, so a row of another run can be there at another time. */
  readonly exportedAt: string;
}

/** Within the caller's transaction. */
export async function insertRows(
  client: pg.Client,
  { runId, exportedAt }: InsertingRun,
  table: TargetName,
  rows: readonly TargetRow[],
): Promise<InsertResult> {
  const stage = await stageRows(client, table, rows);
  await dropPresent(client, table, exportedAt);
  const from = table === "audit_logs" ? await chainRows(client) : stage;
  const time = timeColumn(table);
  const times =
    time === undefined ? "null::timestamptz, null::timestamptz" : `min(${quote(time)}), max(${quote(time)})`;
  const inserted = from === stage ? names(table) : `${names(table)}, sequence, previous_hash, hash`;
  const sql = `
    with fresh as (
      insert into public.${quote(table)} (${inserted}) select ${inserted} from ${from}
      on conflict do nothing returning ${names(table)}
    )
    insert into legacy_migration.batches (run_id, target, ids, from_time, until_time, checksums)
    select $1, $2, array_agg(id::text), ${times}, ${checksumSql(table)} from fresh having count(*) > 0
    returning cardinality(ids) as inserted`;
  const { rows: written } = await client.query<{ inserted: number }>(sql, [runId, table]);
  const count = written[0]?.inserted ?? 0;
  const collided = count === rows.length ? [] : await findCollisions(client, table, stage);
  await client.query(`truncate ${stage}`);
  return { inserted: count, present: rows.length - count - collided.length, collided };
}

async function dropPresent(client: pg.Client, table: TargetName, exportedAt: string): Promise<void> {
  const time = timeColumn(table);
  if (time === undefined) return;
  await client.query(
    `delete from ${stageName(table)} s where ${quote(time)} = $1
     and exists (select from public.${quote(table)} t where t.id = s.id)`,
    [exportedAt],
  );
}

async function findCollisions(client: pg.Client, table: TargetName, stage: string): Promise<string[]> {
  const sql = `select s.id::text as id from ${stage} s
    where not exists (select from public.${quote(table)} t where t.id = s.id)`;
  const { rows } = await client.query<{ id: string }>(sql);
  return rows.map(({ id }) => id);
}
