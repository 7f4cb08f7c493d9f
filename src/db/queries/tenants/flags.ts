/** What became of a flag: how those fared who had it on, beside those who had it off. */
import { and, eq, gte, ne, sql } from "drizzle-orm";
import { featureFlagEvaluations as evaluations } from "../../schema/event-tables.ts";
import { mcpAuditLogs } from "../../schema/logs.ts";
import { featureFlags } from "../../schema/operations.ts";
import { isOwnOrShared } from "../shared/ownership.ts";
import type { Queries } from "../shared/queries.ts";

/** The evaluation is recorded a moment after the request began that it was made for. */
const SAME_REQUEST = sql`interval '1 second'`;

/** One row a side. Who has changed sides counts where they were last; calls are those since then. */
export function countFlagResults(db: Queries, tenantId: string, key: string, since: Date) {
  const seen = and(
    eq(evaluations.tenantId, tenantId),
    eq(evaluations.flagKey, key),
    gte(evaluations.timestamp, since),
  );
  const last = db
    .selectDistinctOn([evaluations.subjectId], { subjectId: evaluations.subjectId, isOn: evaluations.isOn })
    .from(evaluations)
    .where(seen)
    .orderBy(evaluations.subjectId, sql`${evaluations.timestamp} desc`)
    .as("last");
  const changed = db
    .select({ subjectId: evaluations.subjectId, at: sql`max(${evaluations.timestamp})`.as("changed_at") })
    .from(evaluations)
    .innerJoin(last, and(eq(last.subjectId, evaluations.subjectId), ne(last.isOn, evaluations.isOn)))
    .where(seen)
    .groupBy(evaluations.subjectId)
    .as("changed");
  const sides = db
    .select({
      subjectId: last.subjectId,
      isOn: last.isOn,
      since: sql`min(${evaluations.timestamp})`.as("since"),
    })
    .from(evaluations)
    .innerJoin(last, and(eq(last.subjectId, evaluations.subjectId), eq(last.isOn, evaluations.isOn)))
    .leftJoin(changed, eq(changed.subjectId, evaluations.subjectId))
    .where(and(seen, sql`${evaluations.timestamp} > coalesce(${changed.at}, '-infinity')`))
    .groupBy(last.subjectId, last.isOn)
    .as("sides");
  const calls = db
    .select({
      subject: sql<string>`coalesce(${mcpAuditLogs.userId}, ${mcpAuditLogs.apiKeyId}::text)`.as("subject"),
      success: mcpAuditLogs.success,
      durationMs: mcpAuditLogs.durationMs,
      timestamp: mcpAuditLogs.timestamp,
    })
    .from(mcpAuditLogs)
    .where(and(eq(mcpAuditLogs.tenantId, tenantId), gte(mcpAuditLogs.timestamp, since)))
    .as("calls");
  return db
    .select({
      isOn: sides.isOn,
      subjects: sql`count(distinct ${sides.subjectId})`.mapWith(Number),
      calls: sql`count(${calls.subject})`.mapWith(Number),
      errors: sql`count(*) filter (where not ${calls.success})`.mapWith(Number),
      avgMs: sql<number | null>`avg(${calls.durationMs})`,
      p95Ms: sql<number | null>`percentile_cont(0.95) within group (order by ${calls.durationMs})`,
    })
    .from(sides)
    .leftJoin(
      calls,
      and(eq(calls.subject, sides.subjectId), sql`${calls.timestamp} >= ${sides.since} - ${SAME_REQUEST}`),
    )
    .groupBy(sides.isOn)
    .orderBy(sides.isOn);
}

/** The whole system's first, so that the tenant's own of the same key come over them. */
export function listFlags(db: Queries, tenantId: string) {
  return db
    .select({
      key: featureFlags.key,
      isEnabled: featureFlags.isEnabled,
      rules: featureFlags.rules,
      percentage: featureFlags.percentage,
      userIds: featureFlags.userIds,
    })
    .from(featureFlags)
    .where(isOwnOrShared(featureFlags.tenantId, tenantId))
    .orderBy(sql`${featureFlags.tenantId} nulls first`);
}
