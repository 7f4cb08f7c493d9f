/**
 * What alert rules watch over, measured for many rules in one statement a kind (system role). Traffic comes from the sums
 * by minute, so that a rule costs the same however busy its tenant is.
 */
import { and, eq, gt, sql } from "drizzle-orm";
import type { Histogram } from "../../../core/analytics/histogram.ts";
import { requestRollupsMinute } from "../../schema/rollups.ts";
import type { Queries } from "../shared/queries.ts";

export interface MeasuredValue {
  readonly alertId: string;
  readonly value: number;
}

export interface MeasuredTraffic {
  readonly alertId: string;
  readonly requests: number;
  readonly errors: number;
  readonly histogram: Histogram;
}

export interface MeasuredServer extends MeasuredValue {
  readonly serverId: string;
  readonly name: string;
}

const idsOf = (ids: readonly string[]) => sql`${`{${ids.join(",")}}`}::uuid[]`;

/** Sums are by whole minutes: of a shorter window the last two. */
const since = (now: Date) =>
  sql`${now.toISOString()}::timestamptz - greatest(a.window_seconds, 60) * interval '1 second' - interval '1 minute'`;

const whose = sql`(a.tenant_id is null or t.id = a.tenant_id)`;

const number = (column: string) => sql`${sql.identifier(column)}`.mapWith(Number);
const text = (column: string) => sql<string>`${sql.identifier(column)}`;
const measured = { alertId: text("alert_id"), value: number("value") };

export function measureTraffic(db: Queries, ids: readonly string[], now: Date) {
  return db
    .select({
      alertId: text("alert_id"),
      requests: number("requests"),
      errors: number("errors"),
      histogram: sql<Histogram>`histogram`,
    })
    .from(
      sql`(select a.id as alert_id, sum(r.requests) as requests, sum(r.errors) as errors, gateway_sum_histograms(r.histogram) as histogram
        from performance_alerts a join tenants t on ${whose}
        join request_rollups_minute r on r.tenant_id = t.id and r.kind = 'call'
          and r.dimension = case when a.server_id is null then 'all' else 'server' end
          and r.member = coalesce(a.server_id::text, '') and r.at > ${since(now)}
        where a.id = any(${idsOf(ids)}) group by a.id) as measured`,
    );
}

/** The traffic of a day's minutes, for the preview of a rule: of one server, or of all. */
export function listTrafficMinutes(
  db: Queries,
  { tenantId, serverId, since: from }: { tenantId: string; serverId: string | null; since: Date },
) {
  const rollups = requestRollupsMinute;
  return db
    .select({
      at: rollups.at,
      requests: rollups.requests,
      errors: rollups.errors,
      histogram: rollups.histogram,
    })
    .from(rollups)
    .where(
      and(
        eq(rollups.tenantId, tenantId),
        eq(rollups.kind, "call"),
        eq(rollups.dimension, serverId === null ? "all" : "server"),
        eq(rollups.member, serverId ?? ""),
        gt(rollups.at, from),
      ),
    )
    .orderBy(rollups.at)
    .limit(MINUTES_OF_TWO_DAYS);
}

const MINUTES_OF_TWO_DAYS = 2880;

const REFUSED_BY_LIMITS = sql`('too_many_requests', 'http_429')`;

export function measureLimitHits(db: Queries, ids: readonly string[], now: Date) {
  return db.select(measured).from(
    sql`(select a.id as alert_id, sum(r.requests) as value
        from performance_alerts a join tenants t on ${whose}
        join request_rollups_minute r on r.tenant_id = t.id and r.kind in ('mcp', 'rest') and r.dimension = 'error'
          and r.member in ${REFUSED_BY_LIMITS} and r.at > ${since(now)}
        where a.id = any(${idsOf(ids)}) group by a.id) as measured`,
  );
}

export function measureSecurityEvents(db: Queries, ids: readonly string[], now: Date) {
  return db.select(measured).from(
    sql`(select a.id as alert_id, count(*) as value
        from performance_alerts a join security_events e on (a.tenant_id is null or e.tenant_id = a.tenant_id)
          and (a.server_id is null or e.server_id = a.server_id)
          and e.timestamp > ${now.toISOString()}::timestamptz - a.window_seconds * interval '1 second'
        where a.id = any(${idsOf(ids)}) group by a.id) as measured`,
  );
}

/** Scheduled jobs are the whole gateway's, and so are their events. */
export function measureFailedJobs(db: Queries, ids: readonly string[], now: Date) {
  return db.select(measured).from(
    sql`(select a.id as alert_id, count(*) as value
        from performance_alerts a join system_events e on e.tenant_id is null and e.event_type = 'job.failed'
          and e.timestamp > ${now.toISOString()}::timestamptz - a.window_seconds * interval '1 second'
        where a.id = any(${idsOf(ids)}) group by a.id) as measured`,
  );
}

/** Of the hour that is running; sums by key are by minute. */
export function measureKeyQuota(db: Queries, ids: readonly string[], now: Date) {
  return db.select(measured).from(
    sql`(select a.id as alert_id, max(k.used / k.rate_limit_per_hour) as value
        from performance_alerts a join lateral (
          select sum(r.requests)::double precision as used, k.rate_limit_per_hour
          from api_keys k join request_rollups_minute r on r.tenant_id = k.tenant_id and r.kind in ('mcp', 'rest')
            and r.dimension = 'key' and r.member = k.id::text and r.at > ${now.toISOString()}::timestamptz - interval '1 hour'
          where k.is_active and k.rate_limit_per_hour > 0 and (a.tenant_id is null or k.tenant_id = a.tenant_id)
          group by k.id) k on true
        where a.id = any(${idsOf(ids)}) group by a.id) as measured`,
  );
}

/** Of the periods that run: the highest threshold that a budget of the tenant has reached. */
export function measureBudgets(db: Queries, ids: readonly string[], now: Date) {
  return db.select(measured).from(
    sql`(select a.id as alert_id, max(b.threshold) / 100.0 as value
        from performance_alerts a join budget_alerts b on (a.tenant_id is null or b.tenant_id = a.tenant_id)
          and b.period_end > ${now.toISOString()}::timestamptz
        where a.id = any(${idsOf(ids)}) group by a.id) as measured`,
  );
}

export function countUnhealthyServers(db: Queries, ids: readonly string[]) {
  return db.select(measured).from(
    sql`(select a.id as alert_id, count(*) as value
        from performance_alerts a join mcp_servers s on (a.tenant_id is null or s.tenant_id = a.tenant_id)
          and s.is_active and s.health_status = 'unhealthy'
        where a.id = any(${idsOf(ids)}) group by a.id) as measured`,
  );
}

export function countOpenBreakers(db: Queries, ids: readonly string[]) {
  return db.select(measured).from(
    sql`(select a.id as alert_id, count(*) as value
        from performance_alerts a join circuit_breakers b on (a.tenant_id is null or b.tenant_id = a.tenant_id) and b.state = 'open'
        where a.id = any(${idsOf(ids)}) group by a.id) as measured`,
  );
}

const ofServer = { ...measured, serverId: text("server_id"), name: text("name") };
const isKnown = sql`exists (select 1 from alert_states k where k.alert_id = a.id and k.subject = s.id::text)`;

/** Of healthy servers, returns only those whose alert is not resolved. Servers in maintenance have no reading. */
export function measureServerHealth(db: Queries, ids: readonly string[]) {
  return db.select(ofServer).from(
    sql`(select a.id as alert_id, s.id as server_id, s.name,
          case s.health_status when 'unhealthy' then 2 when 'degraded' then 1 else 0 end as value
        from performance_alerts a join mcp_servers s on s.tenant_id = a.tenant_id and s.is_active
          and (a.server_id is null or s.id = a.server_id) and s.health_status <> 'maintenance'
          and (s.health_status in ('degraded', 'unhealthy') or ${isKnown})
        where a.id = any(${idsOf(ids)})) as measured`,
  );
}

export function measureServerBreakers(db: Queries, ids: readonly string[]) {
  return db.select(ofServer).from(
    sql`(select a.id as alert_id, s.id as server_id, s.name,
          case b.state when 'open' then 2 when 'half_open' then 1 else 0 end as value
        from performance_alerts a join mcp_servers s on s.tenant_id = a.tenant_id and s.is_active
          and (a.server_id is null or s.id = a.server_id)
        join circuit_breakers b on b.tenant_id = s.tenant_id and b.server_id = s.id and (b.state <> 'closed' or ${isKnown})
        where a.id = any(${idsOf(ids)})) as measured`,
  );
}

/** One row, of the gateway as a whole. */
export function measureSystem(db: Queries) {
  return db.select({ backlog: number("backlog"), connections: number("connections") }).from(
    sql`(select (select count(*) from dead_letters) as backlog,
        (select count(*) from pg_stat_activity where backend_type = 'client backend')
          / current_setting('max_connections')::double precision as connections) as measured`,
  );
}
