/** All of a tenant's rows of one table, for the configuration file. */
import { and, asc, type SQL } from "drizzle-orm";
import { type Columns, type ManagedTable, ownedBy } from "./rows.ts";
import type { Queries } from "./types.ts";

export function allRows(db: Queries, tenantId: string, table: ManagedTable, columns: Columns, where?: SQL) {
  return db
    .select({ ...columns })
    .from(table)
    .where(and(ownedBy(table, tenantId), where))
    .orderBy(asc(table.id));
}
