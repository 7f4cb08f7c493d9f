/** What the hot path must know of one tenant, in one batch: read once, then kept in the isolate. */
import { and, asc, eq, sql } from "drizzle-orm";
import { mcpServers } from "../schema/registry.ts";
import { tenants } from "../schema/tenants.ts";
import type { Queries } from "./types.ts";

export function tenantForSnapshot(db: Queries, tenantId: string) {
  return db
    .select({
      id: tenants.id,
      slug: tenants.slug,
      name: tenants.name,
      status: tenants.status,
      settings: tenants.settings,
    })
    .from(tenants)
    .where(eq(tenants.id, tenantId));
}

export function serversForSnapshot(db: Queries, tenantId: string) {
  return db
    .select({
      id: mcpServers.id,
      name: mcpServers.name,
      title: mcpServers.title,
      endpointUrl: mcpServers.endpointUrl,
      transportType: mcpServers.transportType,
      healthStatus: mcpServers.healthStatus,
      protocolVersion: mcpServers.protocolVersion,
      authConfig: mcpServers.authConfig,
      settings: mcpServers.settings,
    })
    .from(mcpServers)
    .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.isActive, true)))
    .orderBy(asc(mcpServers.name));
}

/** System role: whose name stands in the path, before anybody is known. */
export function openTenantBySlug(db: Queries, slug: string) {
  return db
    .select({ id: tenants.id })
    .from(tenants)
    .where(
      and(
        eq(tenants.slug, slug),
        eq(tenants.status, "active"),
        sql`${tenants.settings} -> 'anonymousAccess' = 'true'::jsonb`,
      ),
    );
}
