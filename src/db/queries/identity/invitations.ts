/** Invitations to a tenant. The tenant creates and lists them; accepting one runs before authentication. */
import { and, desc, eq, gt, inArray, lte, ne, sql } from "drizzle-orm";
import type { Role } from "../../../core/enums.ts";
import { user } from "../../schema/identity.ts";
import { tenantInvitations, tenantMembers } from "../../schema/tenancy.ts";
import { tenants } from "../../schema/tenants.ts";
import { afterCursor, clampLimit, type NameCursor } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

/** Without the token's hash. */
const invitationColumns = {
  id: tenantInvitations.id,
  email: tenantInvitations.email,
  role: tenantInvitations.role,
  status: tenantInvitations.status,
  expiresAt: tenantInvitations.expiresAt,
  inviterId: tenantInvitations.inviterId,
  sentCount: tenantInvitations.sentCount,
  acceptedAt: tenantInvitations.acceptedAt,
  createdAt: tenantInvitations.createdAt,
  updatedAt: tenantInvitations.updatedAt,
};

export function createInvitation(db: Queries, values: typeof tenantInvitations.$inferInsert) {
  return db.insert(tenantInvitations).values(values).returning(invitationColumns);
}

/** A new link for an old invitation: the one in the earlier mail no longer works. */
export function renewInvitation(
  db: Queries,
  tenantId: string,
  id: string,
  renewal: { tokenHash: string; expiresAt: Date },
) {
  return db
    .update(tenantInvitations)
    .set({ ...renewal, status: "pending", sentCount: sql`${tenantInvitations.sentCount} + 1` })
    .where(
      and(
        eq(tenantInvitations.tenantId, tenantId),
        eq(tenantInvitations.id, id),
        inArray(tenantInvitations.status, ["pending", "expired"]),
      ),
    )
    .returning(invitationColumns);
}

export function revokeInvitation(db: Queries, tenantId: string, id: string) {
  return db
    .update(tenantInvitations)
    .set({ status: "canceled" })
    .where(
      and(
        eq(tenantInvitations.tenantId, tenantId),
        eq(tenantInvitations.id, id),
        eq(tenantInvitations.status, "pending"),
      ),
    )
    .returning(invitationColumns);
}

/** System role. */
export function findOpenInvitation(db: Queries, tokenHash: string, now: Date) {
  return db
    .select({
      id: tenantInvitations.id,
      email: tenantInvitations.email,
      role: tenantInvitations.role,
      tenantId: tenants.id,
      tenantName: tenants.name,
    })
    .from(tenantInvitations)
    .innerJoin(tenants, eq(tenants.id, tenantInvitations.tenantId))
    .where(
      and(
        eq(tenantInvitations.tokenHash, tokenHash),
        eq(tenantInvitations.status, "pending"),
        gt(tenantInvitations.expiresAt, now),
        eq(tenants.status, "active"),
      ),
    )
    .limit(1);
}

/** System role. Of two who follow the same link at once, one gets the row. */
export function claimInvitation(db: Queries, tokenHash: string, now: Date) {
  return db
    .update(tenantInvitations)
    .set({ status: "accepted", acceptedAt: now })
    .where(
      and(
        eq(tenantInvitations.tokenHash, tokenHash),
        eq(tenantInvitations.status, "pending"),
        gt(tenantInvitations.expiresAt, now),
      ),
    )
    .returning({
      id: tenantInvitations.id,
      tenantId: tenantInvitations.tenantId,
      email: tenantInvitations.email,
      role: tenantInvitations.role,
    });
}

/** System role: the holder of the link is the invited person. */
export function rejectInvitation(db: Queries, tokenHash: string, now: Date) {
  return db
    .update(tenantInvitations)
    .set({ status: "rejected" })
    .where(
      and(
        eq(tenantInvitations.tokenHash, tokenHash),
        eq(tenantInvitations.status, "pending"),
        gt(tenantInvitations.expiresAt, now),
      ),
    )
    .returning({ id: tenantInvitations.id, tenantId: tenantInvitations.tenantId });
}

/** System role: what was taken could not be used after all. */
export function releaseInvitation(db: Queries, id: string) {
  return db
    .update(tenantInvitations)
    .set({ status: "pending", acceptedAt: null })
    .where(eq(tenantInvitations.id, id));
}

/** System role (cron and lists): expires old invitations. */
export function expireInvitations(db: Queries, now: Date) {
  return db
    .update(tenantInvitations)
    .set({ status: "expired" })
    .where(and(eq(tenantInvitations.status, "pending"), lte(tenantInvitations.expiresAt, now)));
}

/** Whether the plan has room for the user: members need none. */
const hasRoom = (tenantId: string, userId: string) =>
  sql<boolean>`(exists (select 1 from ${tenantMembers} where ${tenantMembers.tenantId} = ${tenantId}
      and ${tenantMembers.userId} = ${userId})
    or (select count(*) from ${tenantMembers} where ${tenantMembers.tenantId} = ${tenantId})
      < coalesce((select (${tenants.planLimits} ->> 'members')::bigint from ${tenants}
        where ${tenants.id} = ${tenantId}), 9e18))`;

/** System role: ends the batch (22012) where the plan has no room for the user. After `lockTenant`. */
export function assertMemberRoom(db: Queries, { tenantId, userId }: { tenantId: string; userId: string }) {
  return db.execute(sql`select 1 / (case when ${hasRoom(tenantId, userId)} then 1 else 0 end)`);
}

export function addMember(db: Queries, member: { tenantId: string; userId: string; role: Role }) {
  return db.insert(tenantMembers).values(member).onConflictDoNothing();
}

export const memberColumns = {
  userId: tenantMembers.userId,
  role: tenantMembers.role,
  name: user.name,
  email: user.email,
  username: user.username,
  isActive: user.isActive,
  banned: user.banned,
  twoFactorEnabled: user.twoFactorEnabled,
  joinedAt: tenantMembers.createdAt,
};

export function listMembers(
  db: Queries,
  tenantId: string,
  query: { after?: NameCursor | undefined; limit?: number },
) {
  return db
    .select({ ...memberColumns, id: user.id })
    .from(tenantMembers)
    .innerJoin(user, eq(user.id, tenantMembers.userId))
    .where(and(eq(tenantMembers.tenantId, tenantId), afterCursor(user.name, user.id, query.after)))
    .orderBy(user.name, user.id)
    .limit(clampLimit(query.limit));
}

export function changeMemberRole(db: Queries, tenantId: string, userId: string, role: Role) {
  return db
    .update(tenantMembers)
    .set({ role })
    .where(and(eq(tenantMembers.tenantId, tenantId), eq(tenantMembers.userId, userId)))
    .returning({ userId: tenantMembers.userId, role: tenantMembers.role });
}

export function removeMember(db: Queries, tenantId: string, userId: string) {
  return db
    .delete(tenantMembers)
    .where(and(eq(tenantMembers.tenantId, tenantId), eq(tenantMembers.userId, userId)))
    .returning({ userId: tenantMembers.userId });
}

export function countOtherAdmins(db: Queries, tenantId: string, userId: string) {
  return db
    .select({ userId: tenantMembers.userId })
    .from(tenantMembers)
    .where(
      and(
        eq(tenantMembers.tenantId, tenantId),
        eq(tenantMembers.role, "admin"),
        ne(tenantMembers.userId, userId),
      ),
    )
    .limit(1);
}

/** Ends the batch (22012) where an invitation to that address is open. In a locked tenant, there is never a second. */
export function assertNotInvited(db: Queries, tenantId: string, email: string) {
  return db.execute(
    sql`select 1 / (1 - sign(count(*))) from ${tenantInvitations} where ${tenantInvitations.tenantId} = ${tenantId}
      and ${tenantInvitations.email} = ${email} and ${tenantInvitations.status} = 'pending'
      and ${tenantInvitations.expiresAt} > now()`,
  );
}

export function findLatestInvitation(db: Queries, tenantId: string, email: string) {
  return db
    .select(invitationColumns)
    .from(tenantInvitations)
    .where(
      and(
        eq(tenantInvitations.tenantId, tenantId),
        eq(tenantInvitations.email, email),
        eq(tenantInvitations.status, "pending"),
      ),
    )
    .orderBy(desc(tenantInvitations.createdAt))
    .limit(1);
}
