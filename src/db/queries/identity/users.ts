/** The people and programs of a tenant, as its admins manage them. */
import { and, eq, ilike, or, type SQL, sql } from "drizzle-orm";
import type { Role } from "../../../core/enums.ts";
import { apiKeys } from "../../schema/access.ts";
import { session, user } from "../../schema/identity.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import { likePattern } from "../shared/like-pattern.ts";
import type { Queries } from "../shared/queries.ts";
import {
  afterKey,
  type CursorValues,
  cursorValues,
  orderBy,
  type SortKey,
  type SortOrder,
  sortKey,
} from "../shared/sort.ts";

/** A ban that has run out is none. */
const isBanned = sql<boolean>`(${user.banned} and coalesce(${user.banExpires} > now(), true))`;

const userColumns = {
  id: user.id,
  name: user.name,
  email: user.email,
  username: user.username,
  role: tenantMembers.role,
  /** Whether this tenant manages the account, or another one does. */
  isHome: sql<boolean>`coalesce(${user.tenantId} = ${tenantMembers.tenantId}, false)`,
  authProvider: user.authProvider,
  isActive: user.isActive,
  banned: isBanned,
  banReason: user.banReason,
  banExpires: sql<Date | null>`case when ${user.banned} then ${user.banExpires} end`.mapWith(user.banExpires),
  twoFactorEnabled: user.twoFactorEnabled,
  activeKeys: sql<number>`(select count(*)::int from ${apiKeys} where ${apiKeys.tenantId} = ${tenantMembers.tenantId}
    and ${apiKeys.userId} = ${user.id} and ${apiKeys.isActive})`,
  /** The latest use of a session or an API key in this tenant; sessions that have ended are not counted. */
  lastActivity: sql<Date | null>`greatest(
    (select max(${session.lastActivity}) from ${session} where ${session.userId} = ${user.id}
      and ${session.activeTenantId} = ${tenantMembers.tenantId}),
    (select max(${apiKeys.lastUsed}) from ${apiKeys} where ${apiKeys.userId} = ${user.id}
      and ${apiKeys.tenantId} = ${tenantMembers.tenantId}))`.mapWith(session.lastActivity),
  joinedAt: tenantMembers.createdAt,
  createdAt: user.createdAt,
};

export const userSorts: Readonly<Record<string, SortKey>> = {
  name: sortKey(user.name),
  email: sortKey(user.email),
  role: sortKey(tenantMembers.role),
  joinedAt: sortKey(tenantMembers.createdAt),
  createdAt: sortKey(user.createdAt),
};
export const userId = user.id;

export interface UserFilter {
  readonly role?: Role | undefined;
  readonly isActive?: boolean | undefined;
  readonly banned?: boolean | undefined;
  readonly q?: string | undefined;
}

export function listUsers(
  db: Queries,
  tenantId: string,
  query: { filter: UserFilter; order: SortOrder; after: CursorValues | undefined; limit: number },
) {
  return db
    .select({ ...userColumns, place: cursorValues(query.order) })
    .from(tenantMembers)
    .innerJoin(user, eq(user.id, tenantMembers.userId))
    .where(
      and(
        eq(tenantMembers.tenantId, tenantId),
        toCondition(query.filter),
        afterKey(query.order, query.after),
      ),
    )
    .orderBy(...orderBy(query.order))
    .limit(query.limit);
}

function toCondition({ role, isActive, banned, q }: UserFilter): SQL | undefined {
  const like = q && likePattern(q);
  return and(
    role && eq(tenantMembers.role, role),
    isActive === undefined ? undefined : eq(user.isActive, isActive),
    banned === undefined ? undefined : sql`${isBanned} = ${banned}`,
    like === undefined || like === "" ? undefined : or(ilike(user.name, like), ilike(user.email, like)),
  );
}

export function findUser(db: Queries, tenantId: string, id: string) {
  return db
    .select(userColumns)
    .from(tenantMembers)
    .innerJoin(user, eq(user.id, tenantMembers.userId))
    .where(and(eq(tenantMembers.tenantId, tenantId), eq(user.id, id)));
}

/** System role: users are not the runtime role's to write. Only users whom the tenant manages. */
export function setUserActive(db: Queries, tenantId: string, id: string, isActive: boolean) {
  return db
    .update(user)
    .set({ isActive })
    .where(and(eq(user.id, id), eq(user.tenantId, tenantId)))
    .returning({ id: user.id });
}

/** Without an end the ban is permanent. Operators cannot be banned by a tenant. */
export function banUser(
  db: Queries,
  tenantId: string,
  id: string,
  ban: { reason: string; until: Date | null } | undefined,
) {
  return db
    .update(user)
    .set({ banned: ban !== undefined, banReason: ban?.reason ?? null, banExpires: ban?.until ?? null })
    .where(and(eq(user.id, id), eq(user.tenantId, tenantId)))
    .returning({ id: user.id });
}

/** System role: all of a person's sessions, or one of them. */
export function endSessions(db: Queries, userId: string, sessionId: string | undefined) {
  return db
    .delete(session)
    .where(and(eq(session.userId, userId), sessionId === undefined ? undefined : eq(session.id, sessionId)))
    .returning({ id: session.id });
}

/** System role: whether mail to that address reaches an active member of the tenant, or an operator where it is null. */
export function findMemberByEmail(db: Queries, tenantId: string | null, email: string) {
  const reachable = and(
    eq(user.email, email.toLowerCase()),
    eq(user.emailVerified, true),
    eq(user.isActive, true),
  );
  const people = db.select({ id: user.id }).from(user);
  if (tenantId === null) return people.where(and(reachable, eq(user.role, "admin"))).limit(1);
  return people
    .where(
      and(
        reachable,
        sql`exists (select 1 from ${tenantMembers} where ${tenantMembers.userId} = ${user.id} and ${tenantMembers.tenantId} = ${tenantId})`,
      ),
    )
    .limit(1);
}

/** System role: whether an account is an operator's. */
export function isOperator(db: Queries, id: string) {
  return db
    .select({ id: user.id })
    .from(user)
    .where(and(eq(user.id, id), eq(user.role, "admin")));
}
