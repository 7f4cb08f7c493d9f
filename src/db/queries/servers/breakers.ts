/**
 * Stores the transitions of circuit breakers. Raw SQL, because transitions of deleted servers must not fail the batch.
 */
import { sql } from "drizzle-orm";
import type { BreakerState } from "../../../core/enums.ts";
import type { OutcomeCounts } from "../../../core/resilience/outcome-window.ts";
import type { Db } from "../../client.ts";
import { circuitBreakers } from "../../schema/traffic.ts";

export interface TransitionRow {
  /** Counts up within the tenant: written twice, it is there once. */
  readonly id: number;
  readonly serverId: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: string;
  readonly at: number;
  /** The user who forced it. */
  readonly actorId?: string | undefined;
  /** The calls that led to it, how often it opened in a row, and when probes may begin. */
  readonly counts: OutcomeCounts;
  readonly opens: number;
  readonly nextAttemptAt: number;
}

export function saveTransitions(db: Db, tenantId: string, transitions: readonly TransitionRow[]) {
  const rows = sql`jsonb_to_recordset(${JSON.stringify(transitions)}::jsonb)
    as t(id int, "serverId" uuid, "from" text, "to" text, reason text, at double precision, "actorId" text,
      counts jsonb, opens int, "nextAttemptAt" double precision)`;
  const known = sql`exists (select from mcp_servers s where s.tenant_id = ${tenantId}::uuid and s.id = t."serverId")`;
  const idOf = (kind: string) => sql`md5(${`${kind}:${tenantId}:`} || t.id || ':' || t.at)::uuid`;
  // Objects of the previous version stored transitions without counts.
  const count = (name: string) => sql`coalesce((t.counts ->> ${sql.raw(`'${name}'`)})::int, 0)`;
  const at = sql`to_timestamp(t.at / 1000.0)`;
  return db.batch([
    db.execute(sql`
      insert into circuit_breaker_transitions (id, tenant_id, server_id, from_state, to_state, reason, actor_id, transitioned_at)
      select ${idOf("transition")}, ${tenantId}::uuid, t."serverId", t."from"::breaker_state, t."to"::breaker_state,
        t.reason, (select u.id from "user" u where u.id = t."actorId"), ${at}
      from ${rows} where ${known}
      on conflict do nothing`),
    db.execute(sql`
      insert into circuit_breakers (tenant_id, server_id, state, last_transition_at, opened_at, is_forced,
        failure_count, success_count, slow_count, consecutive_opens, next_attempt_at)
      select distinct on (t."serverId") ${tenantId}::uuid, t."serverId", t."to"::breaker_state, ${at},
        case when t."to" = 'open' then ${at} end, t.reason = 'forced',
        ${count("failures")}, ${count("total")} - ${count("failures")} - ${count("slow")}, ${count("slow")},
        coalesce(t.opens, 0),
        case when t."to" = 'open' and t.reason <> 'forced' then to_timestamp(t."nextAttemptAt" / 1000.0) end
      from ${rows} where ${known}
      order by t."serverId", t.id desc
      on conflict (tenant_id, server_id) do update set
        state = excluded.state, last_transition_at = excluded.last_transition_at,
        opened_at = coalesce(excluded.opened_at, circuit_breakers.opened_at), is_forced = excluded.is_forced,
        failure_count = excluded.failure_count, success_count = excluded.success_count,
        slow_count = excluded.slow_count, consecutive_opens = excluded.consecutive_opens,
        next_attempt_at = excluded.next_attempt_at,
        updated_at = now()`),
    db.execute(sql`
      insert into system_events (id, tenant_id, event_type, source, severity, server_id, message, "timestamp")
      select ${idOf("event")}, ${tenantId}::uuid, 'breaker.' || t."to", 'gateway',
        case when t."to" = 'open' then 'high' else 'info' end::severity, t."serverId",
        'Breaker ' || t."from" || ' → ' || t."to" || ': ' || t.reason, ${at}
      from ${rows} where ${known}
      on conflict do nothing`),
  ]);
}

/** Records whether an administrator holds a server's breaker; a hold is no transition where the state is the same. */
export function setBreakerForced(db: Db, row: { tenantId: string; serverId: string; isForced: boolean }) {
  return db
    .insert(circuitBreakers)
    .values(row)
    .onConflictDoUpdate({
      target: [circuitBreakers.tenantId, circuitBreakers.serverId],
      set: { isForced: row.isForced, updatedAt: sql`now()` },
    });
}
