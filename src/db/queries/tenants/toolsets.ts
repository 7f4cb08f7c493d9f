/** Toolsets by name and ID. */
import { and, eq } from "drizzle-orm";
import { toolsets } from "../../schema/toolsets.ts";
import type { Queries } from "../shared/queries.ts";

export function findToolset(db: Queries, tenantId: string, id: string) {
  return db
    .select({ id: toolsets.id, slug: toolsets.slug })
    .from(toolsets)
    .where(and(eq(toolsets.tenantId, tenantId), eq(toolsets.id, id)));
}
