/** The request log: lists of a tenant, latency of a server, requests of an address, routing and usage. */
import { and, asc, count, desc, eq, getTableColumns, gte, isNotNull, lt, sql } from "drizzle-orm";
import { requestLogs } from "../../schema/logs.ts";
import { countWhere, mean, percentile } from "../shared/aggregates.ts";
import { beforeTime, clampLimit, exactTime, inPeriod, type Page, type Period } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

const logs = requestLogs;
const newestFirst = [desc(logs.requestTime), desc(logs.id)];

export function listRequests(
  db: Queries,
  tenantId: string,
  query: Period & Page & { minStatus?: number; serverId?: string; userId?: string },
) {
  return db
    .select({ ...getTableColumns(logs), cursorAt: exactTime(logs.requestTime) })
    .from(logs)
    .where(
      and(
        eq(logs.tenantId, tenantId),
        inPeriod(logs.requestTime, query),
        query.minStatus === undefined ? undefined : gte(logs.statusCode, query.minStatus),
        query.serverId === undefined ? undefined : eq(logs.targetServerId, query.serverId),
        query.userId === undefined ? undefined : eq(logs.userId, query.userId),
        beforeTime(logs.requestTime, logs.id, query.after),
      ),
    )
    .orderBy(...newestFirst)
    .limit(clampLimit(query.limit));
}

export interface RequestCursor {
  readonly cursorAt: string;
  readonly id: string;
}

/** A tenant's requests as they are written to a file, newest first; `after` is the last one of the page before. */
export function exportRequests(
  db: Queries,
  tenantId: string,
  query: Period & { after?: RequestCursor | undefined; limit: number },
) {
  const { after } = query;
  return db
    .select({ ...getTableColumns(logs), cursorAt: exactTime(logs.requestTime) })
    .from(logs)
    .where(
      and(
        eq(logs.tenantId, tenantId),
        inPeriod(logs.requestTime, query),
        beforeTime(logs.requestTime, logs.id, after && { at: after.cursorAt, id: after.id }),
      ),
    )
    .orderBy(...newestFirst)
    .limit(query.limit);
}

/** What one server's answers took, by status. */
export function loadServerLatency(db: Queries, tenantId: string, serverId: string, query: Period) {
  return db
    .select({
      statusCode: logs.statusCode,
      requests: count(),
      avgMs: mean(logs.durationMs),
      p50Ms: percentile(0.5, logs.durationMs),
      p95Ms: percentile(0.95, logs.durationMs),
    })
    .from(logs)
    .where(
      and(eq(logs.tenantId, tenantId), eq(logs.targetServerId, serverId), inPeriod(logs.requestTime, query)),
    )
    .groupBy(logs.statusCode)
    .orderBy(asc(logs.statusCode));
}

export function listSlowestServerRequests(
  db: Queries,
  tenantId: string,
  serverId: string,
  query: Period & { atLeastMs?: number; limit?: number },
) {
  return db
    .select({
      id: logs.id,
      requestTime: logs.requestTime,
      path: logs.path,
      mcpMethod: logs.mcpMethod,
      toolName: logs.toolName,
      statusCode: logs.statusCode,
      durationMs: logs.durationMs,
      requestId: logs.requestId,
    })
    .from(logs)
    .where(
      and(
        eq(logs.tenantId, tenantId),
        eq(logs.targetServerId, serverId),
        query.atLeastMs === undefined ? undefined : gte(logs.durationMs, query.atLeastMs),
        inPeriod(logs.requestTime, query),
      ),
    )
    .orderBy(desc(logs.durationMs))
    .limit(clampLimit(query.limit, 20));
}

/** System role: what one address did, over all tenants, when a ban is weighed. */
export function listRequestsFromAddress(db: Queries, ipAddress: string, query: Period & { path?: string }) {
  return db
    .select({
      path: logs.path,
      requests: count(),
      refused: countWhere(gte(logs.statusCode, 400)),
      lastAt: sql`max(${logs.requestTime})`.mapWith(logs.requestTime),
    })
    .from(logs)
    .where(
      and(
        eq(logs.ipAddress, ipAddress),
        query.path === undefined ? undefined : eq(logs.path, query.path),
        inPeriod(logs.requestTime, query),
      ),
    )
    .groupBy(logs.path);
}

/** System role: how quickly each server behind a path answers when it succeeds; what routing weights come from. */
export function loadRoutingAnalysis(db: Queries, path: string, method: string, query: Period) {
  return db
    .select({
      serverId: logs.targetServerId,
      successes: count(),
      avgMs: mean(logs.durationMs),
      p95Ms: percentile(0.95, logs.durationMs),
    })
    .from(logs)
    .where(
      and(
        eq(logs.path, path),
        eq(logs.method, method),
        isNotNull(logs.targetServerId),
        // A literal: the index holds only these.
        lt(logs.statusCode, sql`400`),
        inPeriod(logs.requestTime, query),
      ),
    )
    .groupBy(logs.targetServerId);
}

const utcDay = sql<string>`(${logs.requestTime} at time zone 'UTC')::date`;

/** System role (capacity, billing): a tenant's requests by day and status. Days are UTC's, "YYYY-MM-DD". */
export function loadTenantUtilization(
  db: Queries,
  tenantId: string,
  query: { fromDay: string; toDay: string; minStatus?: number },
) {
  const from = new Date(`${query.fromDay}T00:00:00Z`);
  const to = new Date(Date.parse(`${query.toDay}T00:00:00Z`) + 86_400_000);
  return db
    .select({ day: sql<string>`${utcDay}::text`, statusCode: logs.statusCode, requests: count() })
    .from(logs)
    .where(
      and(
        eq(logs.tenantId, tenantId),
        sql`${utcDay} between ${query.fromDay}::date and ${query.toDay}::date`,
        query.minStatus === undefined ? undefined : gte(logs.statusCode, query.minStatus),
        // The same days as moments: only these leave out partitions.
        inPeriod(logs.requestTime, { from, to }),
      ),
    )
    .groupBy(utcDay, logs.statusCode)
    .orderBy(utcDay, logs.statusCode);
}
