// Exports the old tables, each by one COPY in one read-only transaction, so that all show the same moment.
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream, renameSync } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { withClient } from "../db/connection.ts";
import { Problem } from "../lib/problem.ts";
import { type ExportedTable, type Manifest, readManifest, tableFile, writeManifest } from "./archive.ts";
import { decodeLine, parseCopiedJson } from "./copy-text.ts";
import type { Progress } from "./progress.ts";
import { SOURCE_TABLES, type SourceTable } from "./source-tables.ts";

export interface ExportOptions {
  readonly dir: string;
  readonly from: string;
  /** The old frontend's database, where it is another. */
  readonly frontend: string;
  readonly progress: Progress;
}

/** Continues an export that was interrupted: tables that are complete stay as they are. */
export async function exportAll({ dir, from, frontend, progress }: ExportOptions): Promise<Manifest> {
  const manifest = readManifest(dir) ?? startManifest(from);
  if (manifest.isComplete) return manifest;
  writeManifest(dir, manifest);
  const isOne = from === frontend;
  await withSnapshot(from, (client) =>
    exportTables(
      client,
      SOURCE_TABLES.filter(({ program }) => isOne || program === "backend"),
      { dir, manifest, progress },
    ),
  );
  if (!isOne)
    await withSnapshot(frontend, (client) =>
      exportTables(
        client,
        SOURCE_TABLES.filter(({ program }) => program === "frontend"),
        { dir, manifest, progress },
      ),
    );
  if (manifest.tables.tenants === undefined || manifest.tables.users === undefined)
    throw new Problem("The database of --from has no tables tenants and users: it is not the old backend's.");
  manifest.isComplete = true;
  writeManifest(dir, manifest);
  return manifest;
}

const startManifest = (from: string): Manifest => {
  const { host, pathname } = new URL(from);
  return {
    runId: randomUUID(),
    source: `${host}${pathname}`,
    exportedAt: new Date().toISOString(),
    isComplete: false,
    tables: {},
  };
};

function withSnapshot(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  return withClient(url, async (client) => {
    await client.query("begin isolation level repeatable read read only");
    await client.query("set local time zone 'UTC'");
    // A database without a checked encoding may contain bytes that the server would refuse to send as UTF-8.
    const { rows } = await client.query<{ encoding: string }>(
      "select current_setting('server_encoding') as encoding",
    );
    if (rows[0]?.encoding === "SQL_ASCII") await client.query("set local client_encoding = 'SQL_ASCII'");
    await use(client);
    await client.query("rollback");
  });
}

interface ExportTarget {
  readonly dir: string;
  readonly manifest: Manifest;
  readonly progress: Progress;
}

async function exportTables(
  client: pg.Client,
  tables: readonly SourceTable[],
  target: ExportTarget,
): Promise<void> {
  const { dir, manifest, progress } = target;
  for (const table of tables) {
    if (manifest.tables[table.name] !== undefined) continue;
    const found = await findTable(client, table);
    if (found === undefined) continue;
    manifest.tables[table.name] = await exportTable(client, { table, found, dir, progress });
    writeManifest(dir, manifest);
  }
}

async function findTable(
  client: pg.Client,
  { name, aliases = [] }: SourceTable,
): Promise<string | undefined> {
  for (const candidate of [name, ...aliases]) {
    const quoted = client.escapeIdentifier(candidate);
    const { rows } = await client.query<{ oid: string | null }>("select to_regclass($1) as oid", [
      `public.${quoted}`,
    ]);
    if (rows[0]?.oid != null) return `public.${quoted}`;
  }
  return undefined;
}

interface OneTable {
  readonly table: SourceTable;
  readonly found: string;
  readonly dir: string;
  readonly progress: Progress;
}

async function exportTable(
  client: pg.Client,
  { table, found, dir, progress }: OneTable,
): Promise<ExportedTable> {
  const counted = { rows: 0, recoded: 0, bytes: 0 };
  const from = await findStart(client, found, table);
  const hash = createHash("sha256");
  const file = tableFile(dir, table.name);
  // The chain of audit entries is in the order of their time.
  const order = table.name === "audit_logs" ? ` order by t.${table.time ?? "id"}` : "";
  progress.start(`export ${table.name}`, undefined);
  await pipeline(
    client.query(copyTo(`copy (select row_to_json(t) from ${found} t${order}) to stdout`)),
    (source: AsyncIterable<Buffer>) => toNdjson(source, counted, progress),
    createGzip({ level: 1 }),
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        counted.bytes += chunk.length;
        done(null, chunk);
      },
    }),
    createWriteStream(`${file}.part`, { mode: 0o600 }),
  );
  renameSync(`${file}.part`, file);
  progress.finish();
  return { ...counted, from, sha256: hash.digest("hex") };
}

/** The time from which nearly all rows are: a clock that was wrong shall not make partitions for decades. */
async function findStart(client: pg.Client, found: string, { time }: SourceTable): Promise<string | null> {
  if (time === undefined) return null;
  const { rows } = await client.query<{ at: string | null }>(
    `select to_char(percentile_disc(${OUTLIERS}) within group (order by ${client.escapeIdentifier(time)}),
       'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at from ${found}`,
  );
  return rows[0]?.at ?? null;
}

/** The share of rows whose time may be wrong. */
const OUTLIERS = 0.02;
const NEWLINE = 10;

async function* toNdjson(
  source: AsyncIterable<Buffer>,
  counted: { rows: number; recoded: number },
  progress: Progress,
): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let text = "";
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = decodeLine(bytes.subarray(start, end));
      text += `${parseCopiedJson(line.text)}\n`;
      counted.rows += 1;
      if (line.isRepaired) counted.recoded += 1;
      start = end + 1;
    }
    rest = bytes.subarray(start);
    progress.advance(counted.rows);
    if (text !== "") yield text;
  }
}
