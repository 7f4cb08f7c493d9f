/** All of a tenant's rows of one table, for the configuration file. */
import { and, asc, type SQL } from "drizzle-orm";
import { type Columns, type CrudTable, isOwnedBy } from "../shared/crud.ts";
import type { Queries } from "../shared/queries.ts";

export function loadAllRows(db: Queries, tenantId: string, table: CrudTable, columns: Columns, where?: SQL) {
  return db
    .select({ ...columns })
    .from(table)
    .where(and(isOwnedBy(table, tenantId), where))
    .orderBy(asc(table.id));
}
