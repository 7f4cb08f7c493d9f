/**
 * Statements of the benchmark and of the index test: the product's generic lists (`/audit-logs?userId=…`,
 * `/configs?category=…`) with the conditions that their routes set, and lookups that only the benchmark measures.
 */
import { and, asc, desc, eq, gt, inArray, type SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { selectColumns } from "../../../src/api/resource/shape.ts";
import type { Transport } from "../../../src/core/enums.ts";
import { userColumns } from "../../../src/db/queries/identity/user-lookup.ts";
import { listRecords, type RecordTable } from "../../../src/db/queries/logs/timelines.ts";
import { listedServer } from "../../../src/db/queries/servers/server-lists.ts";
import { type CrudTable, listRows } from "../../../src/db/queries/shared/crud.ts";
import { clampLimit, type Period } from "../../../src/db/queries/shared/keyset.ts";
import type { Queries } from "../../../src/db/queries/shared/queries.ts";
import { sortKey } from "../../../src/db/queries/shared/sort.ts";
import { apiKeys, serverAccessControls } from "../../../src/db/schema/access.ts";
import { session, user } from "../../../src/db/schema/identity.ts";
import { auditLogs, mcpAuditLogs, requestLogs, securityEvents } from "../../../src/db/schema/logs.ts";
import { systemConfigs } from "../../../src/db/schema/operations.ts";
import {
  mcpServers,
  serverHealthChecks,
  serverMetrics,
  serverResources,
  serverTools,
} from "../../../src/db/schema/registry.ts";

const PAGE = 50;

export const AUDIT = { table: auditLogs, time: auditLogs.timestamp };
export const MCP_AUDIT = { table: mcpAuditLogs, time: mcpAuditLogs.timestamp };
export const REQUESTS = { table: requestLogs, time: requestLogs.requestTime };
export const SECURITY_EVENTS = { table: securityEvents, time: securityEvents.timestamp };
export const METRICS = { table: serverMetrics, time: serverMetrics.timestamp };
export const HEALTH_CHECKS = { table: serverHealthChecks, time: serverHealthChecks.checkedAt };
export const RULES = { table: serverAccessControls, by: serverAccessControls.createdAt };
export const RESOURCES = { table: serverResources, by: serverResources.uriTemplate };
export const CONFIGS = { table: systemConfigs, by: systemConfigs.key };

export const ofResource = (of: { action: string; resourceType: string; resourceId: string }) =>
  and(
    eq(auditLogs.action, of.action),
    eq(auditLogs.resourceType, of.resourceType),
    eq(auditLogs.resourceId, of.resourceId),
  );

/** A page of a log, as src/api/logs/timeline.ts lists it. */
export function recordsOf(
  db: Queries,
  { table, time }: { readonly table: RecordTable; readonly time: PgColumn },
  { tenantId, ...period }: Period & { readonly tenantId: string },
  where?: SQL,
) {
  const columns = selectColumns(table, ["tenantId", "createdAt"]);
  return listRecords(db, { table, columns, time, tenantId, period, where, limit: PAGE + 1 });
}

/** A page of a resource, as src/api/resource/reading.ts and src/api/servers/inventory.ts list it. */
export function rowsOf<T extends CrudTable>(
  db: Queries,
  { table, by }: { readonly table: T; readonly by: PgColumn },
  tenantId: string,
  where: SQL | undefined,
) {
  const order = { keys: [{ ...sortKey(by), descending: false }], id: table.id };
  return listRows(db, {
    table,
    columns: selectColumns(table),
    owner: tenantId,
    where,
    order,
    limit: PAGE + 1,
  });
}

export function discoverTenantServers(
  db: Queries,
  tenantId: string,
  query: { transport?: Transport; limit?: number } = {},
) {
  return db
    .select(listedServer)
    .from(mcpServers)
    .where(
      and(
        eq(mcpServers.tenantId, tenantId),
        inArray(mcpServers.healthStatus, ["healthy", "degraded"]),
        query.transport && eq(mcpServers.transportType, query.transport),
        eq(mcpServers.isActive, true),
      ),
    )
    .orderBy(asc(mcpServers.healthStatus), asc(mcpServers.avgResponseTime))
    .limit(clampLimit(query.limit));
}

export function listMostUsedTenantTools(db: Queries, tenantId: string) {
  const { id, serverId, name, totalCalls, successCount, avgExecutionTime } = serverTools;
  return db
    .select({ id, serverId, name, totalCalls, successCount, avgExecutionTime })
    .from(serverTools)
    .where(eq(serverTools.tenantId, tenantId))
    .orderBy(desc(totalCalls), desc(successCount))
    .limit(20);
}

export function findSessionByToken(db: Queries, token: string, now: Date) {
  return db
    .select({ session, person: userColumns })
    .from(session)
    .innerJoin(user, eq(user.id, session.userId))
    .where(and(eq(session.token, token), eq(session.isActive, true), gt(session.expiresAt, now)))
    .limit(1);
}

export function findApiKeyByHash(db: Queries, keyHash: string) {
  return db.select().from(apiKeys).where(eq(apiKeys.keyHash, keyHash)).limit(1);
}
