/** What the hot path must know of one tenant, in one batch: read once, then kept in the isolate. */
import { and, asc, eq, gt, inArray, isNotNull, or, sql } from "drizzle-orm";
import { ipRules, serverAccessControls } from "../../schema/access.ts";
import { maintenanceWindows, systemConfigs } from "../../schema/operations.ts";
import { mcpServers, serverTools } from "../../schema/registry.ts";
import { tenants } from "../../schema/tenants.ts";
import { rateLimitConfigs, requestQueues } from "../../schema/traffic.ts";
import { isOwnOrShared } from "../shared/ownership.ts";
import type { Queries } from "../shared/queries.ts";

export function loadSnapshotTenant(db: Queries, tenantId: string) {
  return db
    .select({
      id: tenants.id,
      slug: tenants.slug,
      name: tenants.name,
      status: tenants.status,
      settings: tenants.settings,
      timeZone: tenants.timeZone,
      weight: tenants.weight,
      planLimits: tenants.planLimits,
    })
    .from(tenants)
    .where(eq(tenants.id, tenantId));
}

export function loadSnapshotServers(db: Queries, tenantId: string) {
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
      tags: mcpServers.tags,
      weight: mcpServers.weight,
      maxConcurrency: mcpServers.maxConcurrency,
      region: mcpServers.region,
      settings: mcpServers.settings,
      queueIsEnabled: requestQueues.isEnabled,
      queueMaxSize: requestQueues.maxSize,
      queueMaxWaitMs: requestQueues.maxWaitMs,
    })
    .from(mcpServers)
    .leftJoin(
      requestQueues,
      and(eq(requestQueues.tenantId, mcpServers.tenantId), eq(requestQueues.serverId, mcpServers.id)),
    )
    .where(and(eq(mcpServers.tenantId, tenantId), eq(mcpServers.isActive, true)))
    .orderBy(asc(mcpServers.name));
}

/** What a decision reads of a rule, and what an explanation shows. */
export const decisiveRuleColumns = {
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

export function loadSnapshotAccessRules(db: Queries, tenantId: string) {
  return db
    .select(decisiveRuleColumns)
    .from(serverAccessControls)
    .where(and(eq(serverAccessControls.tenantId, tenantId), eq(serverAccessControls.isActive, true)));
}

/** The tenant's own and those of the whole system. */
export function loadSnapshotLimits(db: Queries, tenantId: string) {
  return db
    .select({
      tenantId: rateLimitConfigs.tenantId,
      subjectType: rateLimitConfigs.subjectType,
      subjectId: rateLimitConfigs.subjectId,
      serverId: rateLimitConfigs.serverId,
      toolName: rateLimitConfigs.toolName,
      limitCount: rateLimitConfigs.limitCount,
      windowSeconds: rateLimitConfigs.windowSeconds,
      burstFactor: rateLimitConfigs.burstFactor,
    })
    .from(rateLimitConfigs)
    .where(and(isOwnOrShared(rateLimitConfigs.tenantId, tenantId), eq(rateLimitConfigs.isActive, true)));
}

export function loadSnapshotIpRules(db: Queries, tenantId: string) {
  return db
    .select({
      kind: ipRules.kind,
      cidr: ipRules.cidr,
      reason: ipRules.reason,
      isAutomatic: ipRules.isAutomatic,
      expiresAt: ipRules.expiresAt,
    })
    .from(ipRules)
    .where(and(isOwnOrShared(ipRules.tenantId, tenantId), eq(ipRules.isActive, true)));
}

/** The tenant's own and those of the whole system. */
export function loadSnapshotSettings(db: Queries, tenantId: string, keys: readonly string[]) {
  return db
    .select({ key: systemConfigs.key, value: systemConfigs.value, tenantId: systemConfigs.tenantId })
    .from(systemConfigs)
    .where(and(isOwnOrShared(systemConfigs.tenantId, tenantId), inArray(systemConfigs.key, [...keys])));
}

/** Those of the tenant and of the whole system that are not over. */
export function loadSnapshotWindows(db: Queries, tenantId: string, now: Date) {
  return db
    .select(window)
    .from(maintenanceWindows)
    .where(and(isOwnOrShared(maintenanceWindows.tenantId, tenantId), isNotEnded(now)));
}

/** System role (queue): of every tenant. */
export function listCurrentWindows(db: Queries, now: Date) {
  return db
    .select({ ...window, tenantId: maintenanceWindows.tenantId })
    .from(maintenanceWindows)
    .where(isNotEnded(now));
}

const window = {
  serverId: maintenanceWindows.serverId,
  title: maintenanceWindows.title,
  startsAt: maintenanceWindows.startsAt,
  endsAt: maintenanceWindows.endsAt,
  recurrence: maintenanceWindows.recurrence,
  timeZone: maintenanceWindows.timeZone,
};

const isNotEnded = (now: Date) =>
  and(
    eq(maintenanceWindows.isActive, true),
    or(isNotNull(maintenanceWindows.recurrence), gt(maintenanceWindows.endsAt, now)),
  );

/** As discovery has found them. */
export function listReadOnlyTools(db: Queries, tenantId: string) {
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

/** System role: resolves the tenant from the slug in the path, before authentication. */
export function findOpenTenant(db: Queries, slug: string) {
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
