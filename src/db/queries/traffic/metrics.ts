/** Prometheus metrics of one tenant. */
import { and, asc, desc, eq, gt, gte, max, sql, sum } from "drizzle-orm";
import { mcpServers, serverMetrics, serverTools } from "../../schema/registry.ts";
import type { Queries } from "../shared/queries.ts";

/** A monitoring system with more series than this is served better by one that reads the log. */
const MAX_SERVERS = 5000;
const MAX_TOOLS = 10_000;

export function listServersForMetrics(db: Queries, tenantId: string) {
  return db
    .select({
      name: mcpServers.name,
      healthStatus: mcpServers.healthStatus,
      avgResponseTime: mcpServers.avgResponseTime,
      successRate: mcpServers.successRate,
      lastHealthCheck: mcpServers.lastHealthCheck,
    })
    .from(mcpServers)
    .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.isActive, true)))
    .orderBy(asc(mcpServers.name))
    .limit(MAX_SERVERS);
}

export function loadRecentTraffic(db: Queries, tenantId: string, since: Date) {
  return db
    .select({
      name: mcpServers.name,
      requests: sum(serverMetrics.requestCount).mapWith(Number),
      errors: sum(serverMetrics.errorCount).mapWith(Number),
      /** By how much each sample stands for; one that stands for no request is the result of a check. */
      responseTime: sql<
        number | null
      >`sum(${serverMetrics.responseTimeMs} * greatest(${serverMetrics.requestCount}, 1))
        / nullif(sum(greatest(${serverMetrics.requestCount}, 1)) filter (where ${serverMetrics.responseTimeMs} is not null), 0)`,
      p95: max(serverMetrics.p95ResponseTimeMs),
    })
    .from(serverMetrics)
    .innerJoin(
      mcpServers,
      and(eq(mcpServers.tenantId, serverMetrics.tenantId), eq(mcpServers.id, serverMetrics.serverId)),
    )
    .where(and(eq(serverMetrics.tenantId, tenantId), gte(serverMetrics.timestamp, since)))
    .groupBy(mcpServers.name)
    .orderBy(asc(mcpServers.name))
    .limit(MAX_SERVERS);
}

export function listToolsForMetrics(db: Queries, tenantId: string) {
  return db
    .select({
      server: mcpServers.name,
      tool: serverTools.name,
      calls: serverTools.totalCalls,
      successes: serverTools.successCount,
      executionTime: serverTools.avgExecutionTime,
    })
    .from(serverTools)
    .innerJoin(mcpServers, eq(mcpServers.id, serverTools.serverId))
    .where(and(eq(serverTools.tenantId, tenantId), gt(serverTools.totalCalls, 0)))
    .orderBy(desc(serverTools.totalCalls), asc(serverTools.name))
    .limit(MAX_TOOLS);
}
