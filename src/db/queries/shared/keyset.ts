/**
 * Periods, keyset pages and limits, the same for every list. A query of a time series always has a period: without one
 * the planner would have to visit every partition there is.
 */
import { and, gte, lt, lte, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

/** From (inclusive) to (exclusive). */
export interface Period {
  from: Date;
  to: Date;
}

/** The last row of the page before: its cursorAt and id. */
export interface TimeCursor {
  /** Text, because a Date would cut microseconds off and the next page would then miss rows. */
  at: string;
  id: string;
}

export interface Page {
  after?: TimeCursor | undefined;
  limit?: number | undefined;
}

const MAX_ROWS = 500;

export function clampLimit(limit: number | undefined, usual = 50): number {
  const wanted = limit === undefined || Number.isNaN(limit) ? usual : Math.trunc(limit);
  return Math.min(Math.max(wanted, 1), MAX_ROWS);
}

export function inPeriod(time: AnyPgColumn, period: Period): SQL | undefined {
  return and(gte(time, period.from), lt(time, period.to));
}

/** Rows that come after the cursor, newest first. The first half repeats the second for the planner: only a plain
 * comparison leaves out partitions. */
export function beforeTime(
  time: AnyPgColumn,
  id: AnyPgColumn,
  cursor: TimeCursor | undefined,
): SQL | undefined {
  if (cursor === undefined) return undefined;
  const at = sql`${cursor.at}::timestamptz`;
  return and(lte(time, at), sql`(${time}, ${id}) < (${at}, ${sql.param(cursor.id, id)})`);
}

/** The last row of the page before, where a list is by name. */
export interface NameCursor {
  name: string;
  id: string;
}

export function afterCursor(
  name: AnyPgColumn,
  id: AnyPgColumn,
  cursor: NameCursor | undefined,
): SQL | undefined {
  if (cursor === undefined) return undefined;
  return sql`(${name}, ${id}) > (${cursor.name}, ${sql.param(cursor.id, id)})`;
}

export function exactTime(time: AnyPgColumn): SQL.Aliased<string> {
  return sql<string>`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as("cursor_at");
}
