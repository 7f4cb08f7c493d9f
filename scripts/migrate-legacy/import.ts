// Imports an export: transforms every line and writes in batches. A run that was interrupted goes on at its last batch.
import type pg from "pg";
import { type Manifest, readLines } from "./archive.ts";
import { type AcceptedLine, BatchWriter } from "./batch-writer.ts";
import type { Ledger } from "./ledger.ts";
import type { Progress } from "./progress.ts";
import type { References } from "./references.ts";
import type { Rejection, RunFiles } from "./run-files.ts";
import { SOURCE_TABLES, type SourceTable } from "./source-tables.ts";
import { transformLine } from "./transform-row.ts";
import type { Transform } from "./transforms/transformed.ts";

const BATCH_ROWS = 5_000;
/** Each year is 220 partitions; older rows are in the default partition. */
const MAX_PARTITION_YEARS = 3;

export interface ImportOptions {
  readonly client: pg.Client;
  readonly ledger: Ledger;
  readonly files: RunFiles;
  readonly references: References;
  readonly dir: string;
  readonly manifest: Manifest;
  readonly progress: Progress;
  /** Rows in one transaction. */
  readonly batchRows?: number;
}

export async function importAll(options: ImportOptions): Promise<void> {
  await ensurePartitions(options.client, options.manifest);
  for (const table of SOURCE_TABLES) {
    const exported = options.manifest.tables[table.name];
    if (exported !== undefined && table.transform !== undefined)
      await new TableImport(options, table, table.transform, exported.rows).run();
  }
}

/** Old rows get partitions too, so that retention can drop them as a whole. */
async function ensurePartitions(client: pg.Client, manifest: Manifest): Promise<void> {
  const starts = Object.values(manifest.tables).flatMap(({ from }) =>
    from === null ? [] : [Date.parse(from)],
  );
  if (starts.length === 0) return;
  const earliest = Date.now() - MAX_PARTITION_YEARS * 366 * 86_400_000;
  const from = new Date(Math.max(earliest, Math.min(...starts)));
  await client.query("select gateway_ensure_partitions($1)", [from]);
}

class TableImport {
  readonly #options: ImportOptions;
  readonly #table: SourceTable;
  readonly #transform: Transform;
  readonly #total: number;
  readonly #writer: BatchWriter;
  #accepted: AcceptedLine[] = [];
  #rejected: Rejection[] = [];
  /** The batch that is being written. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ImportOptions, table: SourceTable, transform: Transform, total: number) {
    this.#options = options;
    this.#table = table;
    this.#transform = transform;
    this.#total = total;
    this.#writer = new BatchWriter(options);
  }

  async run(): Promise<void> {
    const { ledger, files, progress, dir } = this.#options;
    const { name, isReferred = false } = this.#table;
    const done = await ledger.progress(name);
    if (done.isDone && !isReferred) return;
    if (!done.isDone && done.lines > 0) files.rewind(done.rejectsBytes);
    await this.#writer.begin(name);
    progress.start(`import ${name}`, this.#total, done.lines);
    const most = this.#options.batchRows ?? BATCH_ROWS;
    let line = 0;
    for await (const texts of readLines(dir, name)) {
      for (const text of texts) {
        line += 1;
        const isImported = line <= done.lines;
        if (isImported && !isReferred) continue;
        this.#read(line, text, isImported);
        if (!isImported && this.#accepted.length + this.#rejected.length >= most)
          await this.#flush(line, false);
      }
      progress.advance(Math.max(line, done.lines));
    }
    if (!done.isDone) await this.#flush(line, true);
    await this.#writing;
    progress.finish();
  }

  #read(line: number, text: string, isImported: boolean): void {
    const { references, manifest } = this.#options;
    const exportedAt = new Date(manifest.exportedAt);
    const result = transformLine(text, this.#transform, { references, exportedAt });
    const { name } = this.#table;
    if (result.kind === "rejected") {
      if (!isImported) this.#rejected.push({ table: name, line, reason: result.reason, row: text });
      return;
    }
    const { rows, facts = [], conflicts = [] } = result.result;
    for (const fact of facts) references.learn(fact);
    if (isImported) return;
    this.#accepted.push({ line, text, rows, repairs: result.repairs, conflicts });
  }

  async #flush(lines: number, isLast: boolean): Promise<void> {
    await this.#writing;
    const batch = {
      table: this.#table.name,
      lines,
      isLast,
      accepted: this.#accepted,
      rejected: this.#rejected,
    };
    this.#accepted = [];
    this.#rejected = [];
    this.#writing = this.#writer.write(batch);
    // The error is thrown where the batch is awaited.
    this.#writing.catch(() => {});
  }
}
