/** Alert rules with their state, and the results of an evaluation (system role). */
import { and, asc, eq, gt, inArray, isNull, or, sql } from "drizzle-orm";
import { defaultAlertRules } from "../../../core/alerts/default-rules.ts";
import type { AlertState, AlertStatus } from "../../../core/alerts/state-machine.ts";
import { alertDeliveries, alertEvents, alertStates, performanceAlerts } from "../../schema/alerts.ts";
import { mcpServers } from "../../schema/registry.ts";
import type { Queries } from "../shared/queries.ts";

export interface StoredAlertState {
  readonly id: string;
  readonly subject: string;
  readonly status: AlertStatus;
  readonly memory: AlertState;
  readonly eventId: string | null;
  readonly evaluatedAt: string;
  readonly revision: number;
}

export interface AlertRulesQuery {
  readonly after: string | undefined;
  readonly limit: number;
  /** Only these metrics of these tenants (and the system's own). */
  readonly of?: { readonly tenantIds: readonly string[]; readonly metrics: readonly string[] } | undefined;
}

export function insertDefaultAlertRules(db: Queries, tenantId: string, email: string | undefined) {
  return db.insert(performanceAlerts).values(defaultAlertRules(email).map((rule) => ({ ...rule, tenantId })));
}

/** Returns enabled rules, and disabled ones with an open alert. */
export function listAlertRules(db: Queries, { after, limit, of }: AlertRulesQuery) {
  const states = sql<
    StoredAlertState[]
  >`(select coalesce(json_agg(json_build_object('id', s.id, 'subject', s.subject,
    'status', s.status, 'memory', s.memory, 'eventId', s.event_id, 'evaluatedAt', s.evaluated_at, 'revision', s.revision)), '[]')
    from alert_states s where s.alert_id = ${performanceAlerts.id})`;
  const isUnfinished = sql`exists (select 1 from alert_states s where s.alert_id = ${performanceAlerts.id} and s.status <> 'quiet')`;
  return db
    .select({
      id: performanceAlerts.id,
      tenantId: performanceAlerts.tenantId,
      name: performanceAlerts.name,
      metric: performanceAlerts.metric,
      comparison: performanceAlerts.comparison,
      threshold: performanceAlerts.threshold,
      resolveThreshold: performanceAlerts.resolveThreshold,
      windowSeconds: performanceAlerts.windowSeconds,
      forSeconds: performanceAlerts.forSeconds,
      severity: performanceAlerts.severity,
      serverId: performanceAlerts.serverId,
      serverName: mcpServers.name,
      channels: performanceAlerts.channels,
      isActive: performanceAlerts.isActive,
      silencedUntil: performanceAlerts.silencedUntil,
      states,
    })
    .from(performanceAlerts)
    .leftJoin(mcpServers, eq(mcpServers.id, performanceAlerts.serverId))
    .where(
      and(
        after === undefined ? undefined : gt(performanceAlerts.id, after),
        or(eq(performanceAlerts.isActive, true), isUnfinished),
        of && inArray(performanceAlerts.metric, [...of.metrics]),
        of && or(inArray(performanceAlerts.tenantId, [...of.tenantIds]), isNull(performanceAlerts.tenantId)),
      ),
    )
    .orderBy(asc(performanceAlerts.id))
    .limit(limit);
}

/**
 * For the head of a batch: ends it (22012, division by zero) unless all of these are as they were read, and keeps others
 * from them until the batch is through.
 */
export function ensureAlertStates(db: Queries, states: readonly { id: string; revision: number }[]) {
  return db.execute(
    sql`select 1 / (count(*) = ${states.length}::integer)::integer from (
      select 1 from alert_states s join jsonb_to_recordset(${JSON.stringify(states)}::jsonb) as r(id uuid, revision integer)
        on s.id = r.id and s.revision = r.revision order by s.id for update of s) as unchanged`,
  );
}

export function saveAlertStates(db: Queries, rows: (typeof alertStates.$inferInsert)[]) {
  return db
    .insert(alertStates)
    .values(rows)
    .onConflictDoUpdate({
      target: alertStates.id,
      set: {
        status: sql`excluded.status`,
        value: sql`excluded.value`,
        memory: sql`excluded.memory`,
        eventId: sql`excluded.event_id`,
        evaluatedAt: sql`excluded.evaluated_at`,
        revision: sql`${alertStates.revision} + 1`,
        updatedAt: sql`now()`,
      },
    });
}

export function insertAlertEvents(db: Queries, rows: (typeof alertEvents.$inferInsert)[]) {
  return db.insert(alertEvents).values(rows);
}

/** Events that were resolved manually before are unchanged. */
export function resolveAlertEvents(db: Queries, ids: readonly string[], at: Date) {
  return db
    .update(alertEvents)
    .set({ status: "resolved", resolvedAt: at })
    .where(and(inArray(alertEvents.id, [...ids]), isNull(alertEvents.resolvedAt)));
}

export function markNotified(db: Queries, eventIds: readonly string[], at: Date) {
  return db
    .update(alertEvents)
    .set({ lastNotifiedAt: at })
    .where(inArray(alertEvents.id, [...eventIds]));
}

export function addDeliveries(db: Queries, rows: (typeof alertDeliveries.$inferInsert)[]) {
  return db.insert(alertDeliveries).values(rows);
}
