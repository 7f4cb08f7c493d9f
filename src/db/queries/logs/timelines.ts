/** What happened, newest first, of any table of records. Always of a period: see paging.ts. */
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { Columns } from "../shared/crud.ts";
import { inPeriod, type Period } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";
import { afterKey, type CursorValues, cursorValues, orderBy, type SortOrder } from "../shared/sort.ts";

export type RecordTable = PgTable & { readonly id: PgColumn; readonly tenantId: PgColumn };

export interface Timeline {
  readonly table: RecordTable;
  readonly columns: Columns;
  readonly time: PgColumn;
  readonly tenantId: string;
  readonly period: Period;
  readonly where?: SQL | undefined;
  readonly after?: CursorValues | undefined;
  readonly limit: number;
}

export function listRecords(db: Queries, timeline: Timeline) {
  const { table, columns, time, tenantId, period, where, after, limit } = timeline;
  const order: SortOrder = { keys: [{ by: time, type: time.getSQLType(), descending: true }], id: table.id };
  // Repeated as a plain comparison, because only that excludes partitions.
  const until = after === undefined ? undefined : sql`${time} <= ${after[0]}::timestamptz`;
  return db
    .select({ ...columns, place: cursorValues(order) })
    .from(table)
    .where(and(eq(table.tenantId, tenantId), inPeriod(time, period), until, where, afterKey(order, after)))
    .orderBy(...orderBy(order))
    .limit(limit);
}
