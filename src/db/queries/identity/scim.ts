/** Tokens and users of provisioning by SCIM (system role; each query names its tenant). */
import { and, count, eq, inArray, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { ScimFilter } from "../../../core/scim/filter.ts";
import type { ScimUserState } from "../../../core/scim/user-state.ts";
import { session, user } from "../../schema/identity.ts";
import { identityProviders } from "../../schema/identity-providers.ts";
import { scimTokens, scimUsers } from "../../schema/scim.ts";
import { tenants } from "../../schema/tenants.ts";
import type { Queries } from "../shared/queries.ts";

export function findScimToken(db: Queries, tokenHash: string) {
  return db
    .select({ id: scimTokens.id, tenantId: scimTokens.tenantId })
    .from(scimTokens)
    .innerJoin(tenants, eq(tenants.id, scimTokens.tenantId))
    .where(and(eq(scimTokens.tokenHash, tokenHash), eq(tenants.status, "active")))
    .limit(1);
}

/** Without the token's hash. */
export function insertScimToken(db: Queries, values: typeof scimTokens.$inferInsert) {
  return db.insert(scimTokens).values(values).returning({
    id: scimTokens.id,
    name: scimTokens.name,
    lastUsedAt: scimTokens.lastUsedAt,
    createdBy: scimTokens.createdBy,
    createdAt: scimTokens.createdAt,
    updatedAt: scimTokens.updatedAt,
  });
}

/** At most once a minute, so that a synchronization does not write with each request. */
export function touchScimToken(db: Queries, id: string, now: Date) {
  const before = new Date(now.getTime() - 60_000);
  return db
    .update(scimTokens)
    .set({ lastUsedAt: now, updatedAt: sql`${scimTokens.updatedAt}` })
    .where(and(eq(scimTokens.id, id), or(isNull(scimTokens.lastUsedAt), lt(scimTokens.lastUsedAt, before))));
}

export type ScimUserAttribute = "userName" | "externalId" | "emails.value" | "id";

export function toCondition<A extends string>(
  filter: ScimFilter<A> | undefined,
  compare: (attribute: A, value: string) => SQL,
): SQL | undefined {
  if (filter === undefined) return undefined;
  if (filter.kind === "eq") return compare(filter.attribute, filter.value);
  const sides = [toCondition(filter.left, compare), toCondition(filter.right, compare)];
  return filter.kind === "and" ? and(...sides) : or(...sides);
}

const userCondition = (tenantId: string, filter: ScimFilter<ScimUserAttribute> | undefined) =>
  and(
    eq(scimUsers.tenantId, tenantId),
    toCondition(filter, (attribute, value) => {
      switch (attribute) {
        case "userName":
          return eq(scimUsers.userName, value.toLowerCase());
        case "emails.value":
          return eq(scimUsers.email, value.toLowerCase());
        case "externalId":
          return eq(scimUsers.externalId, value);
        case "id":
          return eq(scimUsers.userId, value);
      }
    }),
  );

export interface ScimPage {
  readonly offset: number;
  readonly limit: number;
}

export function listScimUsers(
  db: Queries,
  tenantId: string,
  filter: ScimFilter<ScimUserAttribute> | undefined,
  { offset, limit }: ScimPage,
) {
  return db
    .select()
    .from(scimUsers)
    .where(userCondition(tenantId, filter))
    .orderBy(scimUsers.id)
    .offset(offset)
    .limit(limit);
}

export type ScimUserRow = Awaited<ReturnType<typeof listScimUsers>>[number];

export function countScimUsers(
  db: Queries,
  tenantId: string,
  filter: ScimFilter<ScimUserAttribute> | undefined,
) {
  return db.select({ total: count() }).from(scimUsers).where(userCondition(tenantId, filter));
}

export function findScimUser(db: Queries, tenantId: string, userId: string) {
  return listScimUsers(db, tenantId, { kind: "eq", attribute: "id", value: userId }, { offset: 0, limit: 1 });
}

/** The account behind a provisioned user, as far as provisioning may change it. */
export function findProvisionedAccount(db: Queries, email: string) {
  return db
    .select({ id: user.id, role: user.role, homeId: user.tenantId })
    .from(user)
    .where(eq(user.email, email))
    .limit(1);
}

export function findAccount(db: Queries, userId: string) {
  return db
    .select({ id: user.id, role: user.role, homeId: user.tenantId })
    .from(user)
    .where(eq(user.id, userId))
    .limit(1);
}

const toColumns = (state: ScimUserState) => ({
  userName: state.userName,
  email: state.email,
  externalId: state.externalId ?? null,
  displayName: state.displayName ?? null,
  givenName: state.givenName ?? null,
  familyName: state.familyName ?? null,
  isActive: state.isActive,
});

interface OfUser {
  readonly tenantId: string;
  readonly userId: string;
}

export function insertScimUser(db: Queries, { tenantId, userId }: OfUser, state: ScimUserState) {
  return db
    .insert(scimUsers)
    .values({ tenantId, userId, ...toColumns(state) })
    .returning();
}

export function updateScimUser(db: Queries, { tenantId, userId }: OfUser, state: ScimUserState) {
  return db
    .update(scimUsers)
    .set(toColumns(state))
    .where(and(eq(scimUsers.tenantId, tenantId), eq(scimUsers.userId, userId)))
    .returning();
}

export function deleteScimUser(db: Queries, { tenantId, userId }: OfUser) {
  return db.delete(scimUsers).where(and(eq(scimUsers.tenantId, tenantId), eq(scimUsers.userId, userId)));
}

/** A new account without a membership; its address is in a domain of the tenant. */
export function insertProvisionedAccount(
  db: Queries,
  { tenantId, userId }: OfUser,
  { name, email }: { readonly name: string; readonly email: string },
) {
  return db.insert(user).values({ id: userId, name, email, emailVerified: true, role: "user", tenantId });
}

/** Of an account that the tenant manages: others keep theirs. */
export function updateManagedAccount(
  db: Queries,
  { tenantId, userId }: OfUser,
  values: { readonly name: string; readonly email: string },
) {
  return db
    .update(user)
    .set(values)
    .where(and(eq(user.id, userId), eq(user.tenantId, tenantId), eq(user.role, "user")));
}

/** Sessions of the tenant and of its providers; all of an account that the tenant manages. */
export function endProvisionedSessions(db: Queries, { tenantId, userId }: OfUser) {
  const providers = db
    .select({ id: identityProviders.id })
    .from(identityProviders)
    .where(eq(identityProviders.tenantId, tenantId));
  const managed = db
    .select({ id: user.id })
    .from(user)
    .where(and(eq(user.id, userId), eq(user.tenantId, tenantId), eq(user.role, "user")));
  return db
    .delete(session)
    .where(
      and(
        eq(session.userId, userId),
        or(
          eq(session.activeTenantId, tenantId),
          inArray(session.identityProviderId, providers),
          inArray(session.userId, managed),
        ),
      ),
    );
}
