// Validates an import: counts, checksums of columns, references without a foreign key, and every field of a sample.
import type pg from "pg";
import { type Manifest, readLines } from "./archive.ts";
import { checksumSql, idType, quote, stageRows } from "./insert-rows.ts";
import type { Batch, Ledger } from "./ledger.ts";
import type { Progress } from "./progress.ts";
import type { References } from "./references.ts";
import { SOURCE_TABLES } from "./source-tables.ts";
import { listColumns, type TargetName, type TargetRow, timeColumn } from "./target-tables.ts";
import { transformLine } from "./transform-row.ts";

/** Lines of each old table whose every field is compared. */
const SAMPLE_ROWS = 500;

export interface TableValidation {
  readonly table: string;
  readonly faults: readonly string[];
  readonly checkedRows: number;
}

export interface ValidateOptions {
  readonly client: pg.Client;
  readonly ledger: Ledger;
  readonly references: References;
  readonly dir: string;
  readonly manifest: Manifest;
  readonly progress: Progress;
}

export async function validate(options: ValidateOptions): Promise<TableValidation[]> {
  return [
    ...(await validateCounts(options)),
    ...(await validateBatches(options)),
    ...(await validateSamples(options)),
  ];
}

/** Every exported row was accepted or rejected. */
async function validateCounts({ ledger, manifest }: ValidateOptions): Promise<TableValidation[]> {
  const results: TableValidation[] = [];
  for (const { name, transform } of SOURCE_TABLES) {
    const exported = manifest.tables[name];
    if (exported === undefined || transform === undefined) continue;
    const { lines, counts, isDone } = await ledger.progress(name);
    const sum = counts.accepted + counts.rejected;
    const faults = [
      ...(isDone ? [] : ["the import has not ended"]),
      ...(lines === exported.rows ? [] : [`${exported.rows} rows were exported, ${lines} imported`]),
      ...(sum === lines
        ? []
        : [`of ${lines} rows ${counts.accepted} were accepted and ${counts.rejected} rejected`]),
    ];
    results.push({ table: `old ${name}`, faults, checkedRows: lines });
  }
  return results;
}

/** The rows that the run inserted are there, and their columns are what they were. */
async function validateBatches({ client, ledger, progress }: ValidateOptions): Promise<TableValidation[]> {
  const results = new Map<TargetName, { faults: Set<string>; rows: number }>();
  progress.start("validate", undefined);
  let rows = 0;
  for await (const batch of ledger.batches("asc")) {
    const result = results.get(batch.target) ?? { faults: new Set(), rows: 0 };
    results.set(batch.target, result);
    for (const fault of await findBatchFaults(client, batch)) result.faults.add(fault);
    result.rows += batch.ids.length;
    rows += batch.ids.length;
    progress.advance(rows);
  }
  progress.finish();
  return [...results].map(([table, { faults, rows: checkedRows }]) => ({
    table,
    faults: [...faults],
    checkedRows,
  }));
}

async function findBatchFaults(client: pg.Client, batch: Batch): Promise<string[]> {
  const { target, ids, from, until, checksums } = batch;
  const time = timeColumn(target);
  const range = time === undefined ? "" : `and ${quote(time)} between $2 and $3`;
  const sql = `select count(*)::int as count, ${checksumSql(target)} as checksums, ${danglingSql(target)} as dangling
    from public.${quote(target)} where id = any($1::${idType(target)}[]) ${range}`;
  const { rows } = await client.query<{ count: number; checksums: Batch["checksums"]; dangling: number }>(
    sql,
    time === undefined ? [ids] : [ids, from, until],
  );
  const [found] = rows;
  if (found === undefined || found.count !== ids.length) return ["rows that were imported are missing"];
  const changed = listColumns(target).filter((column) => found.checksums[column] !== checksums[column]);
  return [
    ...changed.map((column) => `column ${column} has changed since the import`),
    ...(found.dangling > 0 ? ["rows refer to a tenant or server that does not exist"] : []),
  ];
}

/** Logs and time series have no foreign keys. */
function danglingSql(target: TargetName): string {
  if (timeColumn(target) === undefined) return "0";
  const server = ["server_id", "target_server_id"].find((column) => listColumns(target).includes(column));
  const missing = (column: string, table: string) =>
    `${column} is not null and not exists (select from ${table} r where r.id = ${column})`;
  const conditions = [
    missing("tenant_id", "tenants"),
    ...(server === undefined ? [] : [missing(quote(server), "mcp_servers")]),
  ];
  return `(count(*) filter (where ${conditions.map((condition) => `(${condition})`).join(" or ")}))::int`;
}

/** Lines of the export, transformed again, are in the database field by field. */
async function validateSamples(options: ValidateOptions): Promise<TableValidation[]> {
  const results: TableValidation[] = [];
  for (const { name, transform } of SOURCE_TABLES) {
    const exported = options.manifest.tables[name];
    if (exported === undefined || transform === undefined || exported.rows === 0) continue;
    const stride = Math.max(1, Math.floor(exported.rows / SAMPLE_ROWS));
    const sampled: TargetRow[] = [];
    let line = 0;
    for await (const texts of readLines(options.dir, name)) {
      for (const text of texts) {
        line += 1;
        if (line % stride !== 0) continue;
        const exportedAt = new Date(options.manifest.exportedAt);
        const result = transformLine(text, transform, { references: options.references, exportedAt });
        if (result.kind === "accepted") sampled.push(...result.result.rows);
      }
    }
    const faults = await compareSample(options.client, sampled);
    results.push({ table: `sample of ${name}`, faults, checkedRows: sampled.length });
  }
  return results;
}

async function compareSample(client: pg.Client, sampled: readonly TargetRow[]): Promise<string[]> {
  const faults: string[] = [];
  for (const [table, rows] of Map.groupBy(sampled, (row) => row.table)) {
    await client.query("begin");
    const stage = await stageRows(client, table, rows);
    const columns = listColumns(table);
    const differs = columns.map(
      (column) =>
        `(count(*) filter (where s.${quote(column)} is distinct from t.${quote(column)}))::int as ${quote(column)}`,
    );
    const { rows: found } = await client.query<Record<string, number>>(
      `select ${differs.join(", ")} from ${stage} s join public.${quote(table)} t on t.id = s.id`,
    );
    await client.query("rollback");
    const differing = columns.filter((column) => (found[0]?.[column] ?? 0) > 0);
    for (const column of differing)
      faults.push(`${table}.${column} differs from the export in ${found[0]?.[column]} rows`);
  }
  return faults;
}
