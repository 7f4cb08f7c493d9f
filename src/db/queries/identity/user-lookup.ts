/** People and their sessions: a tenant's users, and the queries of sign-in before any tenant is known (system role). */
import { and, asc, desc, eq, gt, gte } from "drizzle-orm";
import type { Role } from "../../../core/enums.ts";
import { session, user } from "../../schema/identity.ts";
import { tenantInvitations } from "../../schema/tenancy.ts";
import { afterCursor, clampLimit, type NameCursor } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

const person = {
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
 * Sorted by name and not by ID: under row-level security the planner has no statistics about roles and would walk the
 * primary key through all users for the order.
 */
export function listUsersByRole(
  db: Queries,
  tenantId: string,
  query: { role: Role; isActive?: boolean; after?: NameCursor; limit?: number },
) {
  return db
    .select(person)
    .from(user)
    .where(
      and(
        eq(user.tenantId, tenantId),
        eq(user.role, query.role),
        eq(user.isActive, query.isActive ?? true),
        afterCursor(user.name, user.id, query.after),
      ),
    )
    .orderBy(asc(user.name), asc(user.id))
    .limit(clampLimit(query.limit));
}

/** System role: a sign-in through GitHub, Google or Microsoft. */
export function findUserByAuthProvider(db: Queries, provider: string, providerId: string) {
  return db
    .select(person)
    .from(user)
    .where(and(eq(user.authProvider, provider), eq(user.authProviderId, providerId)))
    .limit(1);
}

/** System role, at every request with a cookie: session and person in one go. */
export function findSessionByToken(db: Queries, token: string, now: Date) {
  return db
    .select({ session, person })
    .from(session)
    .innerJoin(user, eq(user.id, session.userId))
    .where(and(eq(session.token, token), eq(session.isActive, true), gt(session.expiresAt, now)))
    .limit(1);
}

const seen = {
  id: session.id,
  userId: session.userId,
  activeTenantId: session.activeTenantId,
  impersonatedBy: session.impersonatedBy,
  ipAddress: session.ipAddress,
  userAgent: session.userAgent,
  lastActivity: session.lastActivity,
  expiresAt: session.expiresAt,
  createdAt: session.createdAt,
};

/** System role: where a person is signed in, in whichever tenant. */
export function listActiveSessions(db: Queries, userId: string, now: Date) {
  return db
    .select(seen)
    .from(session)
    .where(and(eq(session.userId, userId), eq(session.isActive, true), gt(session.expiresAt, now)))
    .orderBy(desc(session.expiresAt))
    .limit(clampLimit(undefined, 100));
}

/** System role: who has been active since a moment, latest first. */
export function listRecentlyActiveSessions(db: Queries, query: { since: Date; limit?: number }) {
  return db
    .select(seen)
    .from(session)
    .where(and(eq(session.isActive, true), gte(session.lastActivity, query.since)))
    .orderBy(desc(session.lastActivity))
    .limit(clampLimit(query.limit, 100));
}

/** System role: who follows the link of a mail has not signed in, or not in this tenant. */
export function findInvitationByToken(db: Queries, tokenHash: string) {
  return db.select().from(tenantInvitations).where(eq(tenantInvitations.tokenHash, tokenHash)).limit(1);
}
