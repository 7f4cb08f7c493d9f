/** Groups of a tenant and who is in them. */
import { and, eq } from "drizzle-orm";
import { groups } from "../../schema/groups.ts";
import type { Queries } from "../shared/queries.ts";

export function findGroup(db: Queries, tenantId: string, id: string) {
  return db
    .select({ id: groups.id, name: groups.name, source: groups.source })
    .from(groups)
    .where(and(eq(groups.tenantId, tenantId), eq(groups.id, id)));
}
