/** People and their sessions: a tenant's users, and the queries of sign-in before any tenant is known (system role). */
import { and, asc, desc, eq, gt, gte, inArray, ne } from "drizzle-orm";
import type { Role } from "../../../core/enums.ts";
import { session, user } from "../../schema/identity.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import { clampLimit } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

export const userColumns = {
  id: user.id,
  name: user.name,
  email: user.email,
  username: user.username,
  role: user.role,
  tenantId: user.tenantId,
  isActive: user.isActive,
  banned: user.banned,
  banExpires: user.banExpires,
  twoFactorEnabled: user.twoFactorEnabled,
  createdAt: user.createdAt,
};

/**
 * The accounts that a tenant manages. Sorted by name and not by ID: under row-level security the planner has no
 * statistics about roles and would walk the primary key through all users for the order.
 */
export function listUsersByRole(
  db: Queries,
  tenantId: string,
  query: { role: Role; isActive?: boolean; limit?: number },
) {
  return db
    .select(userColumns)
    .from(user)
    .where(
      and(eq(user.tenantId, tenantId), eq(user.role, query.role), eq(user.isActive, query.isActive ?? true)),
    )
    .orderBy(asc(user.name), asc(user.id))
    .limit(clampLimit(query.limit));
}

/** System role: the account of a subject at GitHub, Google or Microsoft. */
export function findUserByAuthProvider(db: Queries, provider: string, providerId: string) {
  return db
    .select(userColumns)
    .from(user)
    .where(and(eq(user.authProvider, provider), eq(user.authProviderId, providerId)))
    .limit(1);
}

export const sessionColumns = {
  id: session.id,
  userId: session.userId,
  activeTenantId: session.activeTenantId,
  impersonatedBy: session.impersonatedBy,
  ipAddress: session.ipAddress,
  userAgent: session.userAgent,
  lastActivity: session.lastActivity,
  data: session.data,
  expiresAt: session.expiresAt,
  createdAt: session.createdAt,
};

/** System role: where a person is signed in, in whichever tenant. */
export function listActiveSessions(db: Queries, userId: string, now: Date) {
  return db
    .select(sessionColumns)
    .from(session)
    .where(and(eq(session.userId, userId), eq(session.isActive, true), gt(session.expiresAt, now)))
    .orderBy(desc(session.expiresAt))
    .limit(clampLimit(undefined, 100));
}

/** System role: who has been active since a moment, latest first. */
export function listRecentlyActiveSessions(db: Queries, query: { since: Date; limit?: number }) {
  return db
    .select(sessionColumns)
    .from(session)
    .where(and(eq(session.isActive, true), gte(session.lastActivity, query.since)))
    .orderBy(desc(session.lastActivity))
    .limit(clampLimit(query.limit, 100));
}

/** System role: where mail about their keys goes; service accounts read no mail. */
export function listAccountEmails(db: Queries, ids: readonly string[]) {
  return db
    .select({ id: user.id, email: user.email })
    .from(user)
    .where(and(inArray(user.id, [...ids]), eq(user.isActive, true), ne(user.role, "service")));
}

/** System role: the admins of an organization. */
export function listAdminEmails(db: Queries, tenantId: string) {
  return db
    .select({ email: user.email })
    .from(tenantMembers)
    .innerJoin(user, eq(user.id, tenantMembers.userId))
    .where(
      and(eq(tenantMembers.tenantId, tenantId), eq(tenantMembers.role, "admin"), eq(user.isActive, true)),
    )
    .limit(100);
}
