/** Audit entries and security events of a period in the order of time, for the application log (system role). */
import { and, asc, gte, inArray, lt } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import { auditLogs, securityEvents } from "../../schema/logs.ts";
import type { Queries } from "../shared/queries.ts";

export interface RecordPeriod {
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  /** Undefined: all, and what belongs to none. */
  readonly tenantIds: readonly string[] | undefined;
  readonly limit: number;
}

const within = (columns: { timestamp: AnyPgColumn; tenantId: AnyPgColumn }, period: RecordPeriod) =>
  and(
    gte(columns.timestamp, period.from),
    lt(columns.timestamp, period.to),
    period.tenantIds && inArray(columns.tenantId, [...period.tenantIds]),
  );

/** Without the values before and after, which may be long and stay in the database. */
export function listAuditRecords(db: Queries, period: RecordPeriod) {
  return db
    .select({
      id: auditLogs.id,
      timestamp: auditLogs.timestamp,
      tenantId: auditLogs.tenantId,
      userId: auditLogs.userId,
      apiKeyId: auditLogs.apiKeyId,
      impersonatorId: auditLogs.impersonatorId,
      action: auditLogs.action,
      resourceType: auditLogs.resourceType,
      resourceId: auditLogs.resourceId,
      success: auditLogs.success,
      errorMessage: auditLogs.errorMessage,
      ipAddress: auditLogs.ipAddress,
      requestId: auditLogs.requestId,
      sequence: auditLogs.sequence,
    })
    .from(auditLogs)
    .where(within(auditLogs, period))
    .orderBy(asc(auditLogs.timestamp), asc(auditLogs.id))
    .limit(period.limit);
}

export function listSecurityRecords(db: Queries, period: RecordPeriod) {
  return db
    .select({
      id: securityEvents.id,
      timestamp: securityEvents.timestamp,
      tenantId: securityEvents.tenantId,
      eventType: securityEvents.eventType,
      severity: securityEvents.severity,
      userId: securityEvents.userId,
      apiKeyId: securityEvents.apiKeyId,
      serverId: securityEvents.serverId,
      ipAddress: securityEvents.ipAddress,
      requestId: securityEvents.requestId,
      description: securityEvents.description,
      details: securityEvents.details,
    })
    .from(securityEvents)
    .where(within(securityEvents, period))
    .orderBy(asc(securityEvents.timestamp), asc(securityEvents.id))
    .limit(period.limit);
}
