/** How servers have been doing: their metrics and health checks in time, and the worst moments of all of them. */
import { and, desc, eq, getTableColumns, gte, isNotNull } from "drizzle-orm";
import { serverHealthChecks, serverMetrics } from "../../schema/registry.ts";
import { beforeTime, clampLimit, exactTime, inPeriod, type Page, type Period } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

export function listServerMetricHistory(
  db: Queries,
  tenantId: string,
  serverId: string,
  query: Period & { limit?: number },
) {
  return db
    .select({
      timestamp: serverMetrics.timestamp,
      responseTimeMs: serverMetrics.responseTimeMs,
      p95ResponseTimeMs: serverMetrics.p95ResponseTimeMs,
      errorRate: serverMetrics.errorRate,
      requestCount: serverMetrics.requestCount,
      errorCount: serverMetrics.errorCount,
      activeConnections: serverMetrics.activeConnections,
    })
    .from(serverMetrics)
    .where(
      and(
        eq(serverMetrics.tenantId, tenantId),
        eq(serverMetrics.serverId, serverId),
        inPeriod(serverMetrics.timestamp, query),
      ),
    )
    .orderBy(desc(serverMetrics.timestamp))
    .limit(clampLimit(query.limit, 288));
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

export function listHealthChecks(db: Queries, tenantId: string, serverId: string, query: Period & Page) {
  return db
    .select({
      ...getTableColumns(serverHealthChecks),
      cursorAt: exactTime(serverHealthChecks.checkedAt),
    })
    .from(serverHealthChecks)
    .where(
      and(
        eq(serverHealthChecks.tenantId, tenantId),
        eq(serverHealthChecks.serverId, serverId),
        inPeriod(serverHealthChecks.checkedAt, query),
        beforeTime(serverHealthChecks.checkedAt, serverHealthChecks.id, query.after),
      ),
    )
    .orderBy(desc(serverHealthChecks.checkedAt), desc(serverHealthChecks.id))
    .limit(clampLimit(query.limit));
}
