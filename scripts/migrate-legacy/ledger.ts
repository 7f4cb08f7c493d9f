// What a run has done, in a schema of its own in the gateway's database: the progress of each table, and the IDs of every row
// that the run inserted, for validation and for rolling back. It is written in the transactions of the rows themselves.
import type pg from "pg";
import { Problem } from "../lib/problem.ts";
import { TARGETS, type TargetName } from "./target-tables.ts";

const SCHEMA = `
  create schema if not exists legacy_migration;
  create table if not exists legacy_migration.runs (
    id uuid primary key, source text not null, state text not null, started_at timestamptz not null default now(),
    finished_at timestamptz);
  create table if not exists legacy_migration.progress (
    run_id uuid not null references legacy_migration.runs on delete cascade, source_table text not null,
    lines bigint not null, counts jsonb not null, rejects_bytes bigint not null, is_done boolean not null,
    primary key (run_id, source_table));
  create table if not exists legacy_migration.batches (
    number bigint generated always as identity primary key,
    run_id uuid not null references legacy_migration.runs on delete cascade, target text not null, ids text[] not null,
    from_time timestamptz, until_time timestamptz, checksums jsonb not null);
  create index if not exists batches_run on legacy_migration.batches (run_id, number);
  create table if not exists legacy_migration.removed_audit (
    run_id uuid not null references legacy_migration.runs on delete cascade, tenant_id uuid, positions jsonb not null)`;

export type RunState = "importing" | "imported" | "rolling back" | "rolled back";

export interface Counts {
  /** Old rows that became at least one row. */
  accepted: number;
  rejected: number;
  repaired: number;
  conflicts: number;
  /** New rows, by the old table. */
  inserted: number;
  /** Rows that an earlier run had inserted. */
  present: number;
  /** How often each repair was made. */
  repairs: Record<string, number>;
}

export const noCounts = (): Counts => ({
  ...{ accepted: 0, rejected: 0, repaired: 0, conflicts: 0, inserted: 0, present: 0, repairs: {} },
});

export function addRepairs(to: Record<string, number>, repairs: readonly string[]): void {
  for (const repair of repairs) to[repair] = (to[repair] ?? 0) + 1;
}

export interface TableProgress {
  readonly lines: number;
  readonly counts: Counts;
  readonly rejectsBytes: number;
  readonly isDone: boolean;
}

export interface Batch {
  readonly number: string;
  readonly target: TargetName;
  readonly ids: readonly string[];
  readonly from: Date | null;
  readonly until: Date | null;
  readonly checksums: Readonly<Record<string, string | null>>;
}

// Any constant will do, as long as nothing else in the database uses it.
const LOCK = 0x6c65_6761;

export class Ledger {
  readonly #client: pg.Client;
  readonly runId: string;

  constructor(client: pg.Client, runId: string) {
    this.#client = client;
    this.runId = runId;
  }

  /** Takes the lock, which goes with the connection: one run at a time works on a database. */
  async open(source: string): Promise<RunState> {
    await this.#client.query(SCHEMA);
    const { rows } = await this.#client.query<{ taken: boolean }>(
      "select pg_try_advisory_lock($1) as taken",
      [LOCK],
    );
    if (rows[0]?.taken !== true)
      throw new Problem("Another migration of this database is running: retry when it has ended.");
    const sql = `insert into legacy_migration.runs (id, source, state) values ($1, $2, 'importing')
      on conflict (id) do update set source = excluded.source returning state`;
    const run = await this.#client.query<{ state: RunState }>(sql, [this.runId, source]);
    return run.rows[0]?.state ?? "importing";
  }

  async setState(state: RunState): Promise<void> {
    const sql = "update legacy_migration.runs set state = $2, finished_at = now() where id = $1";
    await this.#client.query(sql, [this.runId, state]);
  }

  async progress(table: string): Promise<TableProgress> {
    const sql = `select lines, counts, rejects_bytes, is_done from legacy_migration.progress
      where run_id = $1 and source_table = $2`;
    const { rows } = await this.#client.query<ProgressRow>(sql, [this.runId, table]);
    const [row] = rows;
    if (row === undefined) return { lines: 0, counts: noCounts(), rejectsBytes: 0, isDone: false };
    return {
      lines: Number(row.lines),
      counts: row.counts,
      rejectsBytes: Number(row.rejects_bytes),
      isDone: row.is_done,
    };
  }

  async saveProgress(table: string, { lines, counts, rejectsBytes, isDone }: TableProgress): Promise<void> {
    const sql = `insert into legacy_migration.progress (run_id, source_table, lines, counts, rejects_bytes, is_done)
      values ($1, $2, $3, $4, $5, $6) on conflict (run_id, source_table) do update set
        lines = excluded.lines, counts = excluded.counts, rejects_bytes = excluded.rejects_bytes, is_done = excluded.is_done`;
    await this.#client.query(sql, [this.runId, table, lines, counts, rejectsBytes, isDone]);
  }

  /** The run's batches, newest or oldest first, one at a time: a batch has thousands of IDs. */
  async *batches(order: "asc" | "desc"): AsyncGenerator<Batch> {
    const beyond = order === "asc" ? ">" : "<";
    const sql = `select number, target, ids, from_time as "from", until_time as until, checksums from legacy_migration.batches
      where run_id = $1 and number ${beyond} $2 order by number ${order} limit 1`;
    for (let number = order === "asc" ? "0" : "9223372036854775807"; ; ) {
      const { rows } = await this.#client.query<Batch>(sql, [this.runId, number]);
      const [batch] = rows;
      if (batch === undefined) return;
      number = batch.number;
      if (Object.hasOwn(TARGETS, batch.target)) yield batch;
    }
  }

  async countBatches(): Promise<number> {
    const sql = "select count(*)::int as count from legacy_migration.batches where run_id = $1";
    const { rows } = await this.#client.query<{ count: number }>(sql, [this.runId]);
    return rows[0]?.count ?? 0;
  }
}

interface ProgressRow {
  readonly lines: string;
  readonly counts: Counts;
  readonly rejects_bytes: string;
  readonly is_done: boolean;
}
