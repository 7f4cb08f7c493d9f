/** Servers as discovery and health checks visit them: which are due, what it takes to reach one, and how it went. */
import { and, asc, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { HealthStatus } from "../../../core/enums.ts";
import { mcpServers, serverHealthChecks, serverMetrics } from "../../schema/registry.ts";
import { tenants } from "../../schema/tenants.ts";
import type { Queries } from "../shared/queries.ts";
import { settingNumber } from "../tenants/settings.ts";
import type { ServerKey } from "./inventory.ts";

const probeColumns = {
  id: mcpServers.id,
  tenantId: mcpServers.tenantId,
  name: mcpServers.name,
  endpointUrl: mcpServers.endpointUrl,
  transport: mcpServers.transportType,
  auth: mcpServers.authConfig,
  settings: mcpServers.settings,
  protocolVersion: mcpServers.protocolVersion,
  healthStatus: mcpServers.healthStatus,
  healthRecent: mcpServers.healthRecent,
  lastHealthCheck: mcpServers.lastHealthCheck,
  discoveredAt: mcpServers.discoveredAt,
};

export function findServerForProbe(db: Queries, { tenantId, serverId }: ServerKey) {
  return db
    .select(probeColumns)
    .from(mcpServers)
    .where(
      and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.id, serverId), eq(mcpServers.isActive, true)),
    );
}

/** System role (queue): deleted and disabled servers are omitted. */
export function listServersForProbe(db: Queries, ids: readonly string[]) {
  return db
    .select(probeColumns)
    .from(mcpServers)
    .where(and(inArray(mcpServers.id, [...ids]), eq(mcpServers.isActive, true)));
}

export function markDiscoveryFailed(
  db: Queries,
  { tenantId, serverId }: ServerKey,
  { at, error }: { at: Date; error: string },
) {
  return db
    .update(mcpServers)
    .set({ discoveredAt: at, discoveryError: error.slice(0, 1000), updatedAt: sql`${mcpServers.updatedAt}` })
    .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.id, serverId)));
}

const CHECK_INTERVAL_SECONDS = 60;
const DISCOVERY_INTERVAL_SECONDS = 3600;

const due = { id: mcpServers.id, tenantId: mcpServers.tenantId };

const isServed = and(eq(mcpServers.isActive, true), eq(tenants.status, "active"));

/** System role (cron): the ones that waited longest come first. */
export function listServersDueForDiscovery(db: Queries, query: { now: Date; limit: number }) {
  const { now } = query;
  const seconds = settingNumber(
    "discovery.interval_seconds",
    mcpServers.tenantId,
    DISCOVERY_INTERVAL_SECONDS,
  );
  const isDue = and(
    // The first half is for the planner: no interval is shorter than a minute.
    lt(mcpServers.discoveredAt, new Date(now.getTime() - 60_000)),
    sql`${mcpServers.discoveredAt} < ${now.toISOString()}::timestamptz - ${seconds} * interval '1 second'`,
  );
  return db
    .select(due)
    .from(mcpServers)
    .innerJoin(tenants, eq(tenants.id, mcpServers.tenantId))
    .where(and(isServed, or(isNull(mcpServers.discoveredAt), isDue)))
    .orderBy(sql`${mcpServers.discoveredAt} nulls first`)
    .limit(query.limit);
}

/** The interval as core/registry/schedule.ts reads it. */
const interval = sql`case when jsonb_typeof(${mcpServers.settings} #> '{health,intervalSeconds}') = 'number'
  then least(greatest((${mcpServers.settings} #>> '{health,intervalSeconds}')::float8, 60), 86400)
  else ${settingNumber("health.interval_seconds", mcpServers.tenantId, CHECK_INTERVAL_SECONDS)} end * interval '1 second'`;

/** System role (cron): whose interval is over in the minute that begins now. */
export function listServersDueForCheck(db: Queries, query: { minute: Date; limit: number }) {
  const { minute } = query;
  const nextMinute = new Date(minute.getTime() + 60_000);
  return db
    .select(due)
    .from(mcpServers)
    .innerJoin(tenants, eq(tenants.id, mcpServers.tenantId))
    .where(
      and(
        isServed,
        sql`coalesce(${mcpServers.settings} #> '{health,isEnabled}', 'true') <> 'false'`,
        // The first half is for the index: no interval is shorter than a minute.
        lt(mcpServers.lastHealthCheck, minute),
        sql`${mcpServers.lastHealthCheck} < ${nextMinute.toISOString()}::timestamptz - ${interval}`,
      ),
    )
    .orderBy(asc(mcpServers.lastHealthCheck))
    .limit(query.limit);
}

/** System role (cron): registered servers without a discovery. */
export function listUncheckedServers(db: Queries, query: { limit: number }) {
  return db
    .select(due)
    .from(mcpServers)
    .innerJoin(tenants, eq(tenants.id, mcpServers.tenantId))
    .where(
      and(
        isServed,
        sql`coalesce(${mcpServers.settings} #> '{health,isEnabled}', 'true') <> 'false'`,
        isNull(mcpServers.lastHealthCheck),
      ),
    )
    .limit(query.limit);
}

export interface CheckedServer {
  readonly id: string;
  readonly status: HealthStatus;
  readonly recent: string;
  readonly at: Date;
}

/**
 * System role (queue). One statement that keeps updated_at, because the registration did not change. A server with a
 * later check is unchanged.
 */
export function saveCheckResults(db: Queries, checked: readonly CheckedServer[]) {
  const rows = JSON.stringify(checked);
  return db
    .update(mcpServers)
    .set({
      healthStatus: sql`c.status::health_status`,
      healthRecent: sql`c.recent`,
      lastHealthCheck: sql`c.at`,
      updatedAt: sql`${mcpServers.updatedAt}`,
    })
    .from(sql`jsonb_to_recordset(${rows}::jsonb) as c(id uuid, status text, recent text, at timestamptz)`)
    .where(
      and(
        sql`${mcpServers.id} = c.id`,
        sql`(${mcpServers.lastHealthCheck} is null or ${mcpServers.lastHealthCheck} < c.at)`,
      ),
    );
}

export function addHealthChecks(db: Queries, rows: (typeof serverHealthChecks.$inferInsert)[]) {
  return db.insert(serverHealthChecks).values(rows);
}

export function addServerMetrics(db: Queries, rows: (typeof serverMetrics.$inferInsert)[]) {
  return db.insert(serverMetrics).values(rows);
}
