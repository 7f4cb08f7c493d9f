/** Service accounts: users without sign-in. The system role writes users, so each query names the tenant. */
import { and, eq, exists, sql } from "drizzle-orm";
import { user } from "../../schema/identity.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import { clampLimit } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";
import { afterKey, cursorValues, orderBy, type PageQuery } from "../shared/sort.ts";

export const accountColumns = {
  id: user.id,
  name: user.name,
  isActive: user.isActive,
  createdAt: user.createdAt,
};

const isTenant = (tenantId: string) =>
  and(eq(user.tenantId, tenantId), eq(user.role, "service"), eq(tenantMembers.tenantId, tenantId));

export function listServiceAccounts(db: Queries, tenantId: string, { order, after, limit }: PageQuery) {
  return db
    .select({ ...accountColumns, place: cursorValues(order) })
    .from(user)
    .innerJoin(tenantMembers, eq(tenantMembers.userId, user.id))
    .where(and(isTenant(tenantId), afterKey(order, after)))
    .orderBy(...orderBy(order))
    .limit(clampLimit(limit));
}

export function findServiceAccount(db: Queries, tenantId: string, id: string) {
  return db
    .select(accountColumns)
    .from(user)
    .innerJoin(tenantMembers, eq(tenantMembers.userId, user.id))
    .where(and(isTenant(tenantId), eq(user.id, id)));
}

/** The email address has a reserved domain (RFC 2606): it receives no email and cannot be claimed. */
export function insertServiceAccount(db: Queries, account: { id: string; tenantId: string; name: string }) {
  const email = `${account.id}@service.invalid`;
  return db
    .insert(user)
    .values({ ...account, email, role: "service" })
    .returning(accountColumns);
}

export function insertServiceMember(db: Queries, member: { tenantId: string; userId: string }) {
  return db.insert(tenantMembers).values({ ...member, role: "service" });
}

const isAccount = (db: Queries, tenantId: string, id: string) =>
  and(
    eq(user.id, id),
    eq(user.tenantId, tenantId),
    eq(user.role, "service"),
    exists(
      db
        .select({ one: sql`1` })
        .from(tenantMembers)
        .where(and(eq(tenantMembers.userId, user.id), eq(tenantMembers.tenantId, tenantId))),
    ),
  );

export function updateServiceAccount(
  db: Queries,
  tenantId: string,
  id: string,
  change: { name?: string; isActive?: boolean },
) {
  return db
    .update(user)
    .set(change)
    .where(isAccount(db, tenantId, id))
    .returning(accountColumns);
}

/** Its keys go with it. */
export function deleteServiceAccount(db: Queries, tenantId: string, id: string) {
  return db.delete(user).where(isAccount(db, tenantId, id));
}
