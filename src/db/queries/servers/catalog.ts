/** What servers offer: which of a tenant's servers has a tool or a resource, and which of them does it best. */
import { and, asc, desc, eq, gt, inArray } from "drizzle-orm";
import { mcpServers, serverTools } from "../../schema/registry.ts";
import { zero } from "../shared/aggregates.ts";
import { clampLimit } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

/** The servers with a tool of this name. */
export function findToolServers(db: Queries, tenantId: string, toolName: string) {
  return db
    .select({
      serverId: serverTools.serverId,
      toolId: serverTools.id,
      definitionHash: serverTools.definitionHash,
      annotations: serverTools.annotations,
    })
    .from(serverTools)
    .where(and(eq(serverTools.tenantId, tenantId), eq(serverTools.name, toolName)));
}

/** Who has proved to do it, most successes first, of equals the quicker: what routing and failover choose from. */
export function rankToolProviders(
  db: Queries,
  tenantId: string,
  toolName: string,
  query: { limit?: number } = {},
) {
  return db
    .select({
      serverId: serverTools.serverId,
      serverName: mcpServers.name,
      healthStatus: mcpServers.healthStatus,
      successCount: serverTools.successCount,
      totalCalls: serverTools.totalCalls,
      avgExecutionTime: serverTools.avgExecutionTime,
    })
    .from(serverTools)
    .innerJoin(
      mcpServers,
      and(eq(mcpServers.tenantId, serverTools.tenantId), eq(mcpServers.id, serverTools.serverId)),
    )
    .where(
      and(
        eq(serverTools.tenantId, tenantId),
        eq(serverTools.name, toolName),
        gt(serverTools.totalCalls, zero),
        inArray(mcpServers.healthStatus, ["healthy", "degraded"]),
        eq(mcpServers.isActive, true),
      ),
    )
    .orderBy(desc(serverTools.successCount), asc(serverTools.avgExecutionTime))
    .limit(clampLimit(query.limit, 10));
}

const used = {
  id: serverTools.id,
  tenantId: serverTools.tenantId,
  serverId: serverTools.serverId,
  name: serverTools.name,
  totalCalls: serverTools.totalCalls,
  successCount: serverTools.successCount,
  avgExecutionTime: serverTools.avgExecutionTime,
};

const mostUsedFirst = [desc(serverTools.totalCalls), desc(serverTools.successCount)];

/** System role: over all tenants, for capacity. */
export function listMostUsedTools(db: Queries, query: { limit?: number } = {}) {
  return db
    .select(used)
    .from(serverTools)
    .where(gt(serverTools.totalCalls, zero))
    .orderBy(...mostUsedFirst)
    .limit(clampLimit(query.limit, 20));
}
