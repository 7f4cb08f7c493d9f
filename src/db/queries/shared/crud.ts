/**
 * Reads and writes rows of the tables that admins manage, in the same way for all of them. System-wide rows (tenant_id
 * is null) are visible to every tenant, and only the system changes them.
 */
import { and, eq, isNull, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { Queries } from "./queries.ts";
import { afterKey, type CursorValues, cursorValues, orderBy, type SortOrder } from "./sort.ts";

export type CrudTable = PgTable & {
  readonly id: PgColumn;
  readonly tenantId: PgColumn;
  readonly createdAt: PgColumn;
};

/** Whose rows change. */
export type DatedTable = CrudTable & { readonly updatedAt: PgColumn };

export type Columns = Readonly<Record<string, PgColumn>>;
export type CrudRow = Record<string, unknown>;

/** A tenant's id, or null for the whole system's own. */
export type RowOwner = string | null;

export const isOwnedBy = (table: CrudTable, owner: RowOwner): SQL | undefined =>
  owner === null ? isNull(table.tenantId) : eq(table.tenantId, owner);

const isVisibleTo = (table: CrudTable, owner: RowOwner): SQL | undefined =>
  table.tenantId.notNull ? isOwnedBy(table, owner) : or(isOwnedBy(table, owner), isNull(table.tenantId));

export interface ListQuery {
  readonly table: CrudTable;
  readonly columns: Columns;
  readonly owner: RowOwner;
  readonly where?: SQL | undefined;
  readonly order: SortOrder;
  readonly after?: CursorValues | undefined;
  readonly limit: number;
}

export function listRows(db: Queries, { table, columns, owner, where, order, after, limit }: ListQuery) {
  return db
    .select({ ...columns, place: cursorValues(order) })
    .from(table)
    .where(and(isVisibleTo(table, owner), where, afterKey(order, after)))
    .orderBy(...orderBy(order))
    .limit(limit);
}

export function findRow(db: Queries, table: CrudTable, columns: Columns, owner: RowOwner, id: string) {
  return db
    .select({ ...columns })
    .from(table)
    .where(and(isVisibleTo(table, owner), eq(table.id, id)));
}

export function insertRow(db: Queries, table: CrudTable, columns: Columns, values: CrudRow) {
  return db
    .insert(table)
    .values(values)
    .returning({ ...columns });
}

export function updateRow(
  db: Queries,
  table: CrudTable,
  columns: Columns,
  { owner, id }: { owner: RowOwner; id: string },
  values: CrudRow,
) {
  return db
    .update(table)
    .set(values)
    .where(and(isOwnedBy(table, owner), eq(table.id, id)))
    .returning({ ...columns });
}

export function deleteRow(db: Queries, table: CrudTable, owner: RowOwner, id: string) {
  return db.delete(table).where(and(isOwnedBy(table, owner), eq(table.id, id)));
}

/**
 * For the head of a batch: ends it (22012, division by zero) unless the row is as it was when it was read, and keeps
 * others from changing it until the batch is through. To the millisecond, which is as much as a Date carries.
 */
export function assertUnchanged(db: Queries, table: DatedTable, id: string, updatedAt: Date) {
  const same = sql`date_trunc('milliseconds', ${table.updatedAt}) = ${updatedAt.toISOString()}::timestamptz`;
  return db.execute(
    sql`select 1 / count(*) from (select 1 from ${table} where ${eq(table.id, id)} and ${same} for update) as unchanged`,
  );
}
