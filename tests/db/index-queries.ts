/** Queries that only the index tests run: each is the reason for an index that the database keeps for reports. */
import { and, asc, desc, eq, getTableColumns, gte, isNotNull } from "drizzle-orm";
import { keyColumns } from "../../src/db/queries/access/api-key-lookup.ts";
import {
  beforeTime,
  clampLimit,
  exactTime,
  inPeriod,
  type Page,
  type Period,
} from "../../src/db/queries/shared/keyset.ts";
import { isOwnOrShared } from "../../src/db/queries/shared/ownership.ts";
import type { Queries } from "../../src/db/queries/shared/queries.ts";
import { apiKeys } from "../../src/db/schema/access.ts";
import { systemConfigs } from "../../src/db/schema/operations.ts";
import { serverHealthChecks, serverMetrics } from "../../src/db/schema/registry.ts";

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

/** System role: which keys are in use, latest first, those with few requests left out. */
export function listKeysByUsage(
  db: Queries,
  query: { usedSince: Date; minRequests?: number; limit?: number },
) {
  return db
    .select(keyColumns)
    .from(apiKeys)
    .where(
      and(
        gte(apiKeys.lastUsed, query.usedSince),
        query.minRequests === undefined ? undefined : gte(apiKeys.totalRequests, query.minRequests),
        eq(apiKeys.isActive, true),
      ),
    )
    .orderBy(desc(apiKeys.lastUsed), desc(apiKeys.totalRequests))
    .limit(clampLimit(query.limit));
}

/** The tenant's own settings and the defaults that they override: of one key the tenant's row comes first. */
export function listConfigsOfCategory(db: Queries, tenantId: string, category: string) {
  return db
    .select({
      key: systemConfigs.key,
      value: systemConfigs.value,
      tenantId: systemConfigs.tenantId,
      version: systemConfigs.version,
      isRuntime: systemConfigs.isRuntime,
      isSensitive: systemConfigs.isSensitive,
    })
    .from(systemConfigs)
    .where(and(eq(systemConfigs.category, category), isOwnOrShared(systemConfigs.tenantId, tenantId)))
    .orderBy(asc(systemConfigs.key), asc(systemConfigs.tenantId));
}
