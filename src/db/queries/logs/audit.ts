/** Searching the records: who did what to what, where it failed, and what security looks for in it. */
import { and, count, desc, eq, getTableColumns, isNotNull, max } from "drizzle-orm";
import { auditLogs, mcpAuditLogs } from "../../schema/logs.ts";
import { beforeTime, clampLimit, exactTime, inPeriod, type Page, type Period } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

const logs = auditLogs;
const newestFirst = [desc(logs.timestamp), desc(logs.id)];

export const SIGNED_IN = "user.signed-in";

/** System role: when, where and how a user signed in, in whichever tenant. */
export function listSignInsOfUser(db: Queries, userId: string, limit: number) {
  return db
    .select({
      timestamp: logs.timestamp,
      ipAddress: logs.ipAddress,
      userAgent: logs.userAgent,
      details: logs.details,
    })
    .from(logs)
    .where(and(eq(logs.userId, userId), eq(logs.action, SIGNED_IN)))
    .orderBy(...newestFirst)
    .limit(clampLimit(limit));
}

/** System role (security analysis): what a person usually does and how often it fails, in whichever tenant. */
export function listAccessPattern(
  db: Queries,
  userId: string,
  query: Period & { action?: string; resourceType?: string; success?: boolean },
) {
  return db
    .select({
      action: logs.action,
      resourceType: logs.resourceType,
      success: logs.success,
      times: count(),
      lastAt: max(logs.timestamp),
    })
    .from(logs)
    .where(
      and(
        eq(logs.userId, userId),
        query.action === undefined ? undefined : eq(logs.action, query.action),
        query.resourceType === undefined ? undefined : eq(logs.resourceType, query.resourceType),
        query.success === undefined ? undefined : eq(logs.success, query.success),
        inPeriod(logs.timestamp, query),
      ),
    )
    .groupBy(logs.action, logs.resourceType, logs.success);
}

const calls = mcpAuditLogs;
const call = { ...getTableColumns(calls), cursorAt: exactTime(calls.timestamp) };
const latestCalls = [desc(calls.timestamp), desc(calls.id)];

/** System role: where a method fails (or succeeds) lately, over all tenants. */
export function listMcpAuditOfMethod(
  db: Queries,
  method: string,
  query: Period & Page & { success: boolean },
) {
  return db
    .select(call)
    .from(calls)
    .where(
      and(
        eq(calls.method, method),
        eq(calls.success, query.success),
        inPeriod(calls.timestamp, query),
        beforeTime(calls.timestamp, calls.id, query.after),
      ),
    )
    .orderBy(...latestCalls)
    .limit(clampLimit(query.limit));
}

export function listSlowestMcpCalls(db: Queries, tenantId: string, query: Period & { limit?: number }) {
  return db
    .select(call)
    .from(calls)
    .where(and(eq(calls.tenantId, tenantId), isNotNull(calls.durationMs), inPeriod(calls.timestamp, query)))
    .orderBy(desc(calls.durationMs))
    .limit(clampLimit(query.limit, 20));
}
