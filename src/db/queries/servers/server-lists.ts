/** Finding servers: by tenant and status, by endpoint, by how fast they answer. */
import { and, asc, desc, eq, gte, inArray, isNotNull } from "drizzle-orm";
import type { Transport } from "../../../core/enums.ts";
import { mcpServers, serverMetrics } from "../../schema/registry.ts";
import { clampLimit, inPeriod, type Period } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

export const listedServer = {
  id: mcpServers.id,
  tenantId: mcpServers.tenantId,
  name: mcpServers.name,
  title: mcpServers.title,
  endpointUrl: mcpServers.endpointUrl,
  transportType: mcpServers.transportType,
  healthStatus: mcpServers.healthStatus,
  avgResponseTime: mcpServers.avgResponseTime,
  successRate: mcpServers.successRate,
  lastHealthCheck: mcpServers.lastHealthCheck,
  weight: mcpServers.weight,
  region: mcpServers.region,
  version: mcpServers.version,
  tags: mcpServers.tags,
};

/**
 * System role: servers of all tenants, for discovery and capacity. The order includes the transport although it has one
 * value: under row-level security the planner does not infer that it can be omitted, and it stops at the limit only in
 * the order of the index.
 */
export function discoverServers(db: Queries, query: { transport: Transport; limit?: number }) {
  return db
    .select(listedServer)
    .from(mcpServers)
    .where(
      and(
        inArray(mcpServers.healthStatus, ["healthy", "degraded"]),
        eq(mcpServers.transportType, query.transport),
        eq(mcpServers.isActive, true),
      ),
    )
    .orderBy(asc(mcpServers.healthStatus), asc(mcpServers.transportType), asc(mcpServers.avgResponseTime))
    .limit(clampLimit(query.limit));
}

/** Is this endpoint registered already? */
export function findServersByEndpoint(
  db: Queries,
  tenantId: string,
  endpointUrl: string,
  transport: Transport,
) {
  return db
    .select({ id: mcpServers.id, name: mcpServers.name, authConfig: mcpServers.authConfig })
    .from(mcpServers)
    .where(
      and(
        eq(mcpServers.tenantId, tenantId),
        eq(mcpServers.endpointUrl, endpointUrl),
        eq(mcpServers.transportType, transport),
      ),
    );
}

/** System role: servers that answer slowly, for alerts and capacity, the slowest first. */
export function listSlowServers(db: Queries, query: { atLeastMs: number; limit?: number }) {
  return db
    .select(listedServer)
    .from(mcpServers)
    .where(and(isNotNull(mcpServers.avgResponseTime), gte(mcpServers.avgResponseTime, query.atLeastMs)))
    .orderBy(desc(mcpServers.avgResponseTime), desc(mcpServers.successRate))
    .limit(clampLimit(query.limit));
}

/** System role: the slowest samples of a period over all servers, for capacity and alerts. */
export function listSlowestServerMetrics(
  db: Queries,
  query: Period & { atLeastMs: number; minErrorRate?: number; limit?: number },
) {
  return db
    .select({
      tenantId: serverMetrics.tenantId,
      serverId: serverMetrics.serverId,
      timestamp: serverMetrics.timestamp,
      responseTimeMs: serverMetrics.responseTimeMs,
      errorRate: serverMetrics.errorRate,
      requestCount: serverMetrics.requestCount,
    })
    .from(serverMetrics)
    .where(
      and(
        isNotNull(serverMetrics.responseTimeMs),
        gte(serverMetrics.responseTimeMs, query.atLeastMs),
        query.minErrorRate === undefined ? undefined : gte(serverMetrics.errorRate, query.minErrorRate),
        inPeriod(serverMetrics.timestamp, query),
      ),
    )
    .orderBy(desc(serverMetrics.responseTimeMs))
    .limit(clampLimit(query.limit));
}
