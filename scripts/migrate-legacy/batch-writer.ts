// Writes batches of transformed rows: rows, ledger and progress in one transaction, while the next batch is transformed.
import type pg from "pg";
import { errorMessage } from "../lib/problem.ts";
import type { Manifest } from "./archive.ts";
import { insertRows } from "./insert-rows.ts";
import { addRepairs, type Counts, type Ledger, noCounts } from "./ledger.ts";
import type { Rejection, RunFiles } from "./run-files.ts";
import { TARGETS, type TargetName, type TargetRow } from "./target-tables.ts";

export interface AcceptedLine {
  readonly line: number;
  readonly text: string;
  readonly rows: readonly TargetRow[];
  readonly repairs: readonly string[];
  readonly conflicts: readonly string[];
}

export interface Batch {
  readonly table: string;
  /** Lines of the export that are done with this batch. */
  readonly lines: number;
  readonly accepted: readonly AcceptedLine[];
  readonly rejected: readonly Rejection[];
  readonly isLast: boolean;
}

export interface WriterDeps {
  readonly client: pg.Client;
  readonly ledger: Ledger;
  readonly files: RunFiles;
  readonly manifest: Manifest;
}

const ORDER = Object.keys(TARGETS).filter((name): name is TargetName => Object.hasOwn(TARGETS, name));

export class BatchWriter {
  readonly #deps: WriterDeps;
  #counts = noCounts();

  constructor(deps: WriterDeps) {
    this.#deps = deps;
  }

  async begin(table: string): Promise<void> {
    this.#counts = (await this.#deps.ledger.progress(table)).counts;
  }

  async write(batch: Batch): Promise<void> {
    try {
      await this.#commit(batch, batch.accepted, []);
    } catch (error) {
      if (!isRowError(error)) throw error;
      await this.#writeSingly(batch);
    }
  }

  /** A row that the database refuses is found by inserting each line within a savepoint. */
  async #writeSingly(batch: Batch): Promise<void> {
    const { client } = this.#deps;
    const good: AcceptedLine[] = [];
    const bad: Rejection[] = [];
    await client.query("begin");
    for (const line of batch.accepted) {
      await client.query("savepoint line");
      try {
        await this.#insert([line]);
        good.push(line);
      } catch (error) {
        if (!isRowError(error)) throw error;
        await client.query("rollback to savepoint line");
        bad.push({ table: batch.table, line: line.line, reason: errorMessage(error), row: line.text });
      }
    }
    await client.query("rollback");
    await this.#commit(batch, good, bad);
  }

  async #commit(
    batch: Batch,
    accepted: readonly AcceptedLine[],
    refused: readonly Rejection[],
  ): Promise<void> {
    const { client, ledger, files } = this.#deps;
    const before = files.rejectsBytes;
    await client.query("begin");
    try {
      const { inserted, present, collided } = await this.#insert(accepted);
      const collisions = toCollisions(batch.table, accepted, collided);
      files.reject([...batch.rejected, ...refused, ...collisions]);
      const rejected = batch.rejected.length + refused.length + collisions.length;
      for (const { line, conflicts } of accepted) files.conflict(batch.table, line, conflicts);
      const counts = addLines(this.#counts, accepted, {
        inserted,
        present,
        rejected,
        collided: collisions.length,
      });
      const { lines, isLast } = batch;
      await ledger.saveProgress(batch.table, {
        lines,
        counts,
        rejectsBytes: files.rejectsBytes,
        isDone: isLast,
      });
      await client.query("commit");
      this.#counts = counts;
    } catch (error) {
      await client.query("rollback");
      files.rewind(before);
      throw error;
    }
  }

  async #insert(lines: readonly AcceptedLine[]) {
    const { client, manifest } = this.#deps;
    const byTable = Map.groupBy(
      lines.flatMap(({ rows }) => rows),
      ({ table }) => table,
    );
    const total = { inserted: 0, present: 0, collided: new Set<string>() };
    for (const table of ORDER) {
      const rows = byTable.get(table);
      if (rows === undefined) continue;
      const { inserted, present, collided } = await insertRows(client, manifest, table, rows);
      total.inserted += inserted;
      total.present += present;
      for (const id of collided) total.collided.add(id);
    }
    return total;
  }
}

interface Written {
  readonly inserted: number;
  readonly present: number;
  readonly rejected: number;
  readonly collided: number;
}

function addLines(before: Counts, accepted: readonly AcceptedLine[], written: Written): Counts {
  const repairs = { ...before.repairs };
  for (const line of accepted) addRepairs(repairs, line.repairs);
  return {
    accepted: before.accepted + accepted.length - written.collided,
    rejected: before.rejected + written.rejected,
    repaired: before.repaired + accepted.filter((line) => line.repairs.length > 0).length,
    conflicts: before.conflicts + accepted.reduce((sum, line) => sum + line.conflicts.length, 0),
    inserted: before.inserted + written.inserted,
    present: before.present + written.present,
    repairs,
  };
}

/** Lines whose first row has the unique value of another row. */
function toCollisions(
  table: string,
  accepted: readonly AcceptedLine[],
  ids: ReadonlySet<string>,
): Rejection[] {
  if (ids.size === 0) return [];
  return accepted
    .filter(({ rows }) => rows[0] !== undefined && ids.has(rows[0].id))
    .map(({ line, text }) => ({
      table,
      line,
      reason: "is a duplicate: a row with its unique values exists",
      row: text,
    }));
}

/** Classes 22 and 23: the data of a row, not the database, is at fault. */
function isRowError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^2[23]/.test(String(error.code));
}
