/** What the first page shows beside traffic: each returns one row or few, in one batch. */
import { and, asc, count, desc, eq, inArray, ne, type SQL, sql, sum } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { apiKeys } from "../../schema/access.ts";
import { toolPins } from "../../schema/pins.ts";
import { mcpServers } from "../../schema/registry.ts";
import { requestRollupsDay } from "../../schema/rollups.ts";
import { tenantInvitations, tenantMembers } from "../../schema/tenancy.ts";
import { circuitBreakers } from "../../schema/traffic.ts";
import type { Queries } from "../shared/queries.ts";

/** Those that are not well, the worst first. */
export function listUnhealthyServers(db: Queries, tenantId: string, limit: number) {
  const severity = sql`array_position(array['unhealthy','degraded','maintenance'], ${mcpServers.healthStatus}::text)`;
  return db
    .select({
      id: mcpServers.id,
      name: mcpServers.name,
      healthStatus: mcpServers.healthStatus,
      lastHealthCheck: mcpServers.lastHealthCheck,
    })
    .from(mcpServers)
    .where(
      and(
        eq(mcpServers.tenantId, tenantId),
        eq(mcpServers.isActive, true),
        inArray(mcpServers.healthStatus, ["unhealthy", "degraded", "maintenance"]),
      ),
    )
    .orderBy(severity, asc(mcpServers.name))
    .limit(limit);
}

/** One row: tools that are held until approved. */
export function countHeldTools(db: Queries, tenantId: string) {
  return db
    .select({ tools: count() })
    .from(toolPins)
    .where(and(eq(toolPins.tenantId, tenantId), inArray(toolPins.state, ["held", "blocked"])));
}

/** Breakers that keep a server's traffic away. */
export function listOpenBreakers(db: Queries, tenantId: string) {
  return db
    .select({
      serverId: circuitBreakers.serverId,
      server: mcpServers.name,
      state: circuitBreakers.state,
      since: circuitBreakers.lastTransitionAt,
    })
    .from(circuitBreakers)
    .innerJoin(
      mcpServers,
      and(eq(mcpServers.tenantId, circuitBreakers.tenantId), eq(mcpServers.id, circuitBreakers.serverId)),
    )
    .where(and(eq(circuitBreakers.tenantId, tenantId), ne(circuitBreakers.state, "closed")))
    .orderBy(asc(mcpServers.name))
    .limit(20);
}

/** One row: which of the first steps of an organization are done. */
export function loadOnboardingFacts(db: Queries, tenantId: string) {
  const has = (table: PgTable, condition: SQL | undefined) =>
    sql<boolean>`exists (select 1 from ${table} where ${condition})`;
  // One row beyond the first, not their number: an organization may have many thousands.
  const others = sql`exists (select 1 from ${tenantMembers} where ${tenantMembers.tenantId} = ${tenantId} offset 1)`;
  return db
    .select({
      hasServers: has(mcpServers, eq(mcpServers.tenantId, tenantId)),
      hasKeys: has(apiKeys, eq(apiKeys.tenantId, tenantId)),
      hasCalls: has(
        requestRollupsDay,
        and(eq(requestRollupsDay.tenantId, tenantId), eq(requestRollupsDay.kind, "call")),
      ),
      hasMembers: sql<boolean>`(${others} or ${has(tenantInvitations, eq(tenantInvitations.tenantId, tenantId))})`,
    })
    .from(sql`(select 1) as one`);
}

/** Keys that have used most of what they may on this UTC day. */
export function listKeysNearQuota(db: Queries, tenantId: string, day: Date, limit: number) {
  const table = requestRollupsDay;
  const used = db
    .select({ member: table.member, requests: sum(table.requests).mapWith(Number).as("requests") })
    .from(table)
    .where(
      and(
        eq(table.tenantId, tenantId),
        eq(table.dimension, "key"),
        // A call is an MCP request seen a second time.
        inArray(table.kind, ["mcp", "rest"]),
        eq(table.at, day),
      ),
    )
    .groupBy(table.member)
    .as("used");
  const share = sql<number>`(${used.requests}::double precision / ${apiKeys.rateLimitPerDay})`;
  return db
    .select({
      id: apiKeys.id,
      name: apiKeys.name,
      requests: used.requests,
      most: apiKeys.rateLimitPerDay,
      share: share.as("share"),
    })
    .from(used)
    .innerJoin(apiKeys, and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.id, sql`used.member::uuid`)))
    .orderBy(desc(share))
    .limit(limit);
}
