/**
 * What the objects keep in their own SQLite. Memory is a copy: everything is written before the answer leaves (the
 * platform holds an answer back until what was written is safe), so a restarted object has all that it
 * handed out.
 */
import type { LimiterState } from "../core/limits/algorithms/limiter.ts";
import type { LimiterStore } from "../core/limits/lease/issuer.ts";

/** Each is run once, in order; add, never change. */
const MIGRATIONS: Readonly<Record<string, readonly string[]>> = {
  gates: [
    "create table gates (key text primary key, state text not null, forget_at real not null) without rowid",
    "create index gates_forget_at on gates (forget_at)",
  ],
  traffic: [
    "create table samples (minute integer primary key, requests integer not null)",
    `create table refusals (day integer, hour integer, name text, refused integer not null,
       primary key (day, hour, name)) without rowid`,
    "create table breakers (server_id text primary key, state text not null) without rowid",
    `create table transitions (id integer primary key autoincrement, server_id text not null,
       transition text not null)`,
    "create table conduct (place text primary key, state text not null) without rowid",
    "alter table samples add column forecast real",
    `create table queue_totals (server_id text primary key, queued integer not null, rejected integer not null,
       observed_at real not null) without rowid`,
    `create table budget_crossings (id integer primary key autoincrement, key text not null,
       threshold integer not null, ends_at real not null, crossing text not null,
       is_written integer not null default 0, unique (key, threshold))`,
  ],
};

export function migrate(storage: DurableObjectStorage, ...sets: (keyof typeof MIGRATIONS)[]): void {
  for (const set of sets) {
    const key = `schema ${set}`;
    const statements = MIGRATIONS[set] ?? [];
    const done = storage.kv.get<number>(key) ?? 0;
    if (done === statements.length) continue;
    storage.transactionSync(() => {
      for (const statement of statements.slice(done)) storage.sql.exec(statement);
      storage.kv.put(key, statements.length);
    });
  }
}

/** No row in memory is lost by a restart: `write` comes before every response. */
const MAX_CACHED = 5000;
const MAX_LISTED = 1000;

export class SqlLimiterStore implements LimiterStore {
  readonly #sql: SqlStorage;
  readonly #cache = new Map<string, LimiterState | undefined>();
  readonly #changed = new Map<string, { gate: LimiterState; forgetAt: number }>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(key: string): LimiterState | undefined {
    if (this.#cache.has(key)) return this.#cache.get(key);
    const [row] = this.#sql.exec<{ state: string }>("select state from gates where key = ?", key);
    const gate: LimiterState | undefined = row === undefined ? undefined : JSON.parse(row.state);
    this.#cache.set(key, gate);
    return gate;
  }

  put(key: string, gate: LimiterState, expiresAt: number): void {
    this.#cache.set(key, gate);
    this.#changed.set(key, { gate, forgetAt: expiresAt });
  }

  /** Those that still count. */
  list(now: number): [key: string, gate: LimiterState][] {
    this.write();
    const rows = this.#sql.exec<{ key: string; state: string }>(
      "select key, state from gates where forget_at >= ? limit ?",
      now,
      MAX_LISTED,
    );
    return Array.from(rows, ({ key, state }) => [key, JSON.parse(state)]);
  }

  /** Those whose keys begin so, which still count. */
  listByPrefix(prefix: string, now: number): [key: string, gate: LimiterState][] {
    this.write();
    const rows = this.#sql.exec<{ key: string; state: string }>(
      "select key, state from gates where key >= ? and key < ? and forget_at >= ? limit ?",
      ...[prefix, `${prefix}\u{10ffff}`, now, MAX_LISTED],
    );
    return Array.from(rows, ({ key, state }) => [key, JSON.parse(state)]);
  }

  write(): void {
    for (const [key, { gate, forgetAt: expiresAt }] of this.#changed) {
      this.#sql.exec(
        "insert or replace into gates (key, state, forget_at) values (?, ?, ?)",
        key,
        JSON.stringify(gate),
        Math.min(expiresAt, Number.MAX_SAFE_INTEGER),
      );
    }
    this.#changed.clear();
    if (this.#cache.size > MAX_CACHED) this.#cache.clear();
  }

  deleteExpired(now: number): void {
    this.write();
    this.#cache.clear();
    this.#sql.exec("delete from gates where forget_at < ?", now);
  }
}
