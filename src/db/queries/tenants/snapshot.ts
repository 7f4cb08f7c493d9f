/** What decisions read of a tenant, for pages and jobs; the hot path reads it by load-tenant.ts. */
import { and, eq, gt, isNotNull, or, sql } from "drizzle-orm";
import { ipRules, serverAccessControls } from "../../schema/access.ts";
import { maintenanceWindows } from "../../schema/operations.ts";
import { tenants } from "../../schema/tenants.ts";
import { rateLimitConfigs } from "../../schema/traffic.ts";
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
      expiresAt: ipRules.expiresAt,
    })
    .from(ipRules)
    .where(
      and(
        isOwnOrShared(ipRules.tenantId, tenantId),
        eq(ipRules.isActive, true),
        // Of bans, the row is the record: the tenant's object enforces them.
        eq(ipRules.isAutomatic, false),
      ),
    );
}

/** System role (queue): of every tenant. */
export function listCurrentWindows(db: Queries, now: Date) {
  return db
    .select({
      serverId: maintenanceWindows.serverId,
      title: maintenanceWindows.title,
      startsAt: maintenanceWindows.startsAt,
      endsAt: maintenanceWindows.endsAt,
      recurrence: maintenanceWindows.recurrence,
      timeZone: maintenanceWindows.timeZone,
      tenantId: maintenanceWindows.tenantId,
    })
    .from(maintenanceWindows)
    .where(
      and(
        eq(maintenanceWindows.isActive, true),
        or(isNotNull(maintenanceWindows.recurrence), gt(maintenanceWindows.endsAt, now)),
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
