/** The totals of a day by tenant, for the collectors of metrics (system role). */
import { and, desc, eq, inArray, sql } from "drizzle-orm";
import { mcpServers } from "../../schema/registry.ts";
import { requestRollupsDay as rollups } from "../../schema/rollups.ts";
import type { Queries } from "../shared/queries.ts";

/** By how much it has been used, so that what is left out beyond the limit is what matters least. */
export function listDayTotals(db: Queries, day: Date, tenantIds: readonly string[], limit: number) {
  return db
    .select({
      tenantId: rollups.tenantId,
      kind: rollups.kind,
      dimension: rollups.dimension,
      member: rollups.member,
      requests: rollups.requests,
      errors: rollups.errors,
      durationMs: rollups.durationMs,
      requestBytes: rollups.requestBytes,
      cost: rollups.cost,
      histogram: rollups.histogram,
    })
    .from(rollups)
    .where(
      and(
        eq(rollups.at, day),
        inArray(rollups.tenantId, [...tenantIds]),
        sql`(${rollups.kind}, ${rollups.dimension}) in
          (('call', 'method'), ('call', 'tool'), ('call', 'server'), ('call', 'error'), ('mcp', 'all'), ('rest', 'all'), ('page', 'all'))`,
      ),
    )
    .orderBy(desc(rollups.requests))
    .limit(limit);
}

export function listServerHealth(db: Queries, tenantIds: readonly string[], limit: number) {
  return db
    .select({
      tenantId: mcpServers.tenantId,
      id: mcpServers.id,
      name: mcpServers.name,
      healthStatus: mcpServers.healthStatus,
    })
    .from(mcpServers)
    .where(and(inArray(mcpServers.tenantId, [...tenantIds]), eq(mcpServers.isActive, true)))
    .limit(limit);
}
