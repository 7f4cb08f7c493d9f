/**
 * Rows of the tables that admins manage, read and written in the same few ways whichever table it is. What belongs
 * to nobody but the whole system (tenant_id is null) every tenant sees, and only the system changes.
 */
import { and, eq, isNull, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { behind, type Order, orderBy, type Place, placeOf } from "./listing.ts";
import type { Queries } from "./types.ts";

export type ManagedTable = PgTable & {
  readonly id: PgColumn;
  readonly tenantId: PgColumn;
  readonly createdAt: PgColumn;
};

/** Whose rows change. */
export type DatedTable = ManagedTable & { readonly updatedAt: PgColumn };

export type Columns = Readonly<Record<string, PgColumn>>;
export type Row = Record<string, unknown>;

/** A tenant's id, or null for the whole system's own. */
export type Owner = string | null;

export const ownedBy = (table: ManagedTable, owner: Owner): SQL | undefined =>
  owner === null ? isNull(table.tenantId) : eq(table.tenantId, owner);

export const seenBy = (table: ManagedTable, owner: Owner): SQL | undefined =>
  table.tenantId.notNull ? ownedBy(table, owner) : or(ownedBy(table, owner), isNull(table.tenantId));

export interface Listing {
  readonly table: ManagedTable;
  readonly columns: Columns;
  readonly owner: Owner;
  readonly where?: SQL | undefined;
  readonly order: Order;
  readonly after?: Place | undefined;
  readonly limit: number;
}

export function listRows(db: Queries, { table, columns, owner, where, order, after, limit }: Listing) {
  return db
    .select({ ...columns, place: placeOf(order) })
    .from(table)
    .where(and(seenBy(table, owner), where, behind(order, after)))
    .orderBy(...orderBy(order))
    .limit(limit);
}

export function rowById(db: Queries, table: ManagedTable, columns: Columns, owner: Owner, id: string) {
  return db
    .select({ ...columns })
    .from(table)
    .where(and(seenBy(table, owner), eq(table.id, id)));
}

export function insertRow(db: Queries, table: ManagedTable, columns: Columns, values: Row) {
  return db
    .insert(table)
    .values(values)
    .returning({ ...columns });
}

export function updateRow(
  db: Queries,
  table: ManagedTable,
  columns: Columns,
  { owner, id }: { owner: Owner; id: string },
  values: Row,
) {
  return db
    .update(table)
    .set(values)
    .where(and(ownedBy(table, owner), eq(table.id, id)))
    .returning({ ...columns });
}

export function deleteRow(db: Queries, table: ManagedTable, owner: Owner, id: string) {
  return db.delete(table).where(and(ownedBy(table, owner), eq(table.id, id)));
}

/**
 * For the head of a batch: ends it (22012, division by zero) unless the row is as it was when it was read, and keeps
 * others from changing it until the batch is through. To the millisecond, which is as much as a Date carries.
 */
export function insistUnchanged(db: Queries, table: DatedTable, id: string, updatedAt: Date) {
  const same = sql`date_trunc('milliseconds', ${table.updatedAt}) = ${updatedAt.toISOString()}::timestamptz`;
  return db.execute(
    sql`select 1 / count(*) from (select 1 from ${table} where ${eq(table.id, id)} and ${same} for update) as unchanged`,
  );
}
