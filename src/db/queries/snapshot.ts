/** What the hot path must know of one tenant, in one batch: read once, then kept in the isolate. */
import { and, asc, eq, sql } from "drizzle-orm";
import { serverAccessControls } from "../schema/access.ts";
import { mcpServers, serverTools } from "../schema/registry.ts";
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
      timeZone: tenants.timeZone,
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

/** What a decision reads of a rule, and what an explanation shows. */
export const decisiveControl = {
  id: serverAccessControls.id,
  subjectType: serverAccessControls.subjectType,
  subjectId: serverAccessControls.subjectId,
  objectType: serverAccessControls.objectType,
  serverId: serverAccessControls.serverId,
  objectPattern: serverAccessControls.objectPattern,
  effect: serverAccessControls.effect,
  validFrom: serverAccessControls.validFrom,
  validUntil: serverAccessControls.validUntil,
  daysOfWeek: serverAccessControls.daysOfWeek,
  startTime: serverAccessControls.startTime,
  endTime: serverAccessControls.endTime,
};

export function accessControlsForSnapshot(db: Queries, tenantId: string) {
  return db
    .select(decisiveControl)
    .from(serverAccessControls)
    .where(and(eq(serverAccessControls.tenantId, tenantId), eq(serverAccessControls.isActive, true)));
}

/** As discovery has found them. */
export function readOnlyTools(db: Queries, tenantId: string) {
  return db
    .select({ serverId: serverTools.serverId, name: serverTools.name })
    .from(serverTools)
    .where(
      and(
        eq(serverTools.tenantId, tenantId),
        sql`${serverTools.annotations} -> 'readOnlyHint' = 'true'::jsonb`,
      ),
    );
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
