/** The queries of sign-up and setup, before any tenant is known (system role). */

import { and, eq, gt, isNull, like, ne } from "drizzle-orm";
import { NEW_TENANT_SETTINGS } from "../../../core/discovery/tool-drift.ts";
import type { Role } from "../../../core/enums.ts";
import {
  account,
  passkey,
  type SignInData,
  session,
  twoFactor,
  user,
  verification,
} from "../../schema/identity.ts";
import { identityProviders } from "../../schema/identity-providers.ts";
import { tenantInvitations, tenantMembers } from "../../schema/tenancy.ts";
import { tenants } from "../../schema/tenants.ts";
import { insertDefaultAlertRules } from "../logs/alerts.ts";
import type { Queries } from "../shared/queries.ts";
import { secondFactorFrom } from "../tenants/second-factor.ts";
import { selectSettings } from "../tenants/settings.ts";
import { selectGroups } from "./groups.ts";
import { isSsoRequired, mayEnterTenant } from "./sso.ts";

export function findAnyUser(db: Queries) {
  return db.select({ id: user.id }).from(user).limit(1);
}

/** Better-auth's verification table holds any short-lived secret; ours are marked by their identifier. */
export function findOpenSecret(db: Queries, identifier: string, now: Date) {
  return db
    .select({ id: verification.id, value: verification.value })
    .from(verification)
    .where(and(eq(verification.identifier, identifier), gt(verification.expiresAt, now)))
    .limit(1);
}

export function saveSecret(db: Queries, secret: typeof verification.$inferInsert) {
  return db.insert(verification).values(secret);
}

/** Single use: of two who come at once, one gets the row. */
export function claimSecret(db: Queries, identifier: string, value: string, now: Date) {
  return db
    .delete(verification)
    .where(
      and(
        eq(verification.identifier, identifier),
        eq(verification.value, value),
        gt(verification.expiresAt, now),
      ),
    )
    .returning({ id: verification.id });
}

export function listOpenInvitations(db: Queries, email: string, now: Date) {
  return db
    .select({ id: tenantInvitations.id })
    .from(tenantInvitations)
    .where(
      and(
        eq(tenantInvitations.email, email),
        eq(tenantInvitations.status, "pending"),
        gt(tenantInvitations.expiresAt, now),
      ),
    )
    .limit(1);
}

export function findPasswordHash(db: Queries, userId: string) {
  return db
    .select({ id: account.id, password: account.password })
    .from(account)
    .where(and(eq(account.userId, userId), eq(account.providerId, "credential")))
    .limit(1);
}

/** Only while the hash is still the one that was just verified: the owner may have changed it since. */
export function replacePasswordHash(db: Queries, id: string, old: string, hash: string) {
  return db
    .update(account)
    .set({ password: hash })
    .where(and(eq(account.id, id), eq(account.password, old)));
}

/** The tenants that a person may choose among. */
export function listTenantsOfUser(db: Queries, userId: string) {
  return db
    .select({
      id: tenants.id,
      name: tenants.name,
      slug: tenants.slug,
      status: tenants.status,
      secondFactorFrom: secondFactorFrom(),
      role: tenantMembers.role,
    })
    .from(tenantMembers)
    .innerJoin(tenants, eq(tenants.id, tenantMembers.tenantId))
    .where(eq(tenantMembers.userId, userId))
    .orderBy(tenants.name, tenants.id)
    .limit(500);
}

/** Loads what decides about a sign-in and its tenant: one row per membership. */
export function loadSignInFacts(db: Queries, userId: string) {
  return db
    .select({
      isActive: user.isActive,
      homeId: user.tenantId,
      tenantId: tenants.id,
      tenantStatus: tenants.status,
      isSsoRequired: isSsoRequired(),
    })
    .from(user)
    .leftJoin(tenantMembers, eq(tenantMembers.userId, user.id))
    .leftJoin(tenants, eq(tenants.id, tenantMembers.tenantId))
    .where(eq(user.id, userId))
    .orderBy(tenants.name, tenants.id)
    .limit(500);
}

export function saveProvider(
  db: Queries,
  { userId, providerId, accountId }: { userId: string; providerId: string; accountId: string },
) {
  return db
    .update(user)
    .set({ authProvider: providerId, authProviderId: accountId })
    .where(and(eq(user.id, userId), isNull(user.authProvider)));
}

const SESSION_KEYS = ["sessions.idle_minutes", "sessions.max_hours"] as const;

/** All that a request with a cookie needs, in one look: session, person, and their standing in the chosen tenant. */
export function loadSessionFacts(db: Queries, token: string) {
  return db
    .select({
      sessionId: session.id,
      expiresAt: session.expiresAt,
      authenticatedAt: session.createdAt,
      lastActivity: session.lastActivity,
      isSessionActive: session.isActive,
      impersonatedBy: session.impersonatedBy,
      userId: user.id,
      name: user.name,
      email: user.email,
      systemRole: user.role,
      isPersonActive: user.isActive,
      banned: user.banned,
      banExpires: user.banExpires,
      twoFactorEnabled: user.twoFactorEnabled,
      tenantId: tenants.id,
      tenantName: tenants.name,
      tenantSlug: tenants.slug,
      tenantStatus: tenants.status,
      secondFactorFrom: secondFactorFrom(),
      role: tenantMembers.role,
      groups: selectGroups(tenantMembers.tenantId, tenantMembers.userId),
      identityProviderId: session.identityProviderId,
      isProviderActive: identityProviders.isActive,
      providerTenantId: identityProviders.tenantId,
      isSecondFactorProved: session.isSecondFactorProved,
      isSsoRequired: isSsoRequired(),
      lifetimes: selectSettings(session.activeTenantId, SESSION_KEYS),
    })
    .from(session)
    .innerJoin(user, eq(user.id, session.userId))
    .leftJoin(identityProviders, eq(identityProviders.id, session.identityProviderId))
    .leftJoin(
      tenantMembers,
      and(eq(tenantMembers.userId, user.id), eq(tenantMembers.tenantId, session.activeTenantId)),
    )
    .leftJoin(tenants, eq(tenants.id, tenantMembers.tenantId))
    .where(eq(session.token, token))
    .limit(1);
}

/** `expiresAt`: undefined leaves it as it is. */
export function touchSession(
  db: Queries,
  sessionId: string,
  { lastActivity, expiresAt }: { lastActivity: Date; expiresAt: Date | undefined },
) {
  return db
    .update(session)
    .set({ lastActivity, ...(expiresAt !== undefined && { expiresAt }) })
    .where(eq(session.id, sessionId));
}

/** Returns no row where the session may not be of that tenant. */
export function chooseTenant(db: Queries, sessionId: string, tenantId: string) {
  return db
    .update(session)
    .set({ activeTenantId: tenantId })
    .where(and(eq(session.id, sessionId), mayEnterTenant(tenantId)))
    .returning({ id: session.id });
}

export interface NewUser {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  /** Hashed. */
  readonly password: string;
}

/** For one batch. Their address is proved by the link that they followed. */
export function createUser(db: Queries, person: NewUser & { tenantId: string; role?: Role }) {
  const { userId, name, email, password, tenantId, role = "user" } = person;
  return [
    db.insert(user).values({ id: userId, name, email, emailVerified: true, role, tenantId }),
    db.insert(account).values({ userId, accountId: userId, providerId: "credential", password }),
  ] as const;
}

export function createUserWithTenant(
  db: Queries,
  person: NewUser & { tenantId: string; tenantName: string; tenantSlug: string },
) {
  const { tenantId, tenantName, tenantSlug, userId } = person;
  return [
    db
      .insert(tenants)
      .values({ id: tenantId, name: tenantName, slug: tenantSlug, settings: { ...NEW_TENANT_SETTINGS } }),
    ...createUser(db, { ...person, role: "admin" }),
    db.insert(tenantMembers).values({ tenantId, userId, role: "admin" }),
    insertDefaultAlertRules(db, tenantId, person.email),
  ] as const;
}

export function findUserByEmail(db: Queries, email: string) {
  return db.select({ id: user.id, name: user.name }).from(user).where(eq(user.email, email)).limit(1);
}

/** The account that a sign-in form names, by address or by name; both are kept in lower case. */
export function findUserBySignInName(db: Queries, named: { email?: string; username?: string }) {
  const { email, username } = named;
  const condition = email === undefined ? eq(user.username, username ?? "") : eq(user.email, email);
  return db.select({ id: user.id }).from(user).where(condition).limit(1);
}

/** The providers' accounts that sign in as this person. */
export function listLinkedAccounts(db: Queries, userId: string) {
  return db
    .select({ id: account.id, providerId: account.providerId })
    .from(account)
    .where(and(eq(account.userId, userId), ne(account.providerId, "credential")))
    .limit(20);
}

export function deleteProvider(db: Queries, userId: string, providerId: string) {
  return db
    .update(user)
    .set({ authProvider: null, authProviderId: null })
    .where(and(eq(user.id, userId), eq(user.authProvider, providerId)));
}

export function findEmail(db: Queries, userId: string) {
  return db.select({ email: user.email }).from(user).where(eq(user.id, userId)).limit(1);
}

export function endSession(db: Queries, userId: string, sessionId: string) {
  return db
    .delete(session)
    .where(and(eq(session.userId, userId), eq(session.id, sessionId)))
    .returning({ id: session.id });
}

export function deleteTrustedDevices(db: Queries, userId: string) {
  return db
    .delete(verification)
    .where(and(eq(verification.value, userId), like(verification.identifier, "trust-device-%")));
}

/**
 * System role: takes the second factor of a user away, with the passkeys and the devices that skip it. Statements for one batch; the
 * first returns no row where the user has none.
 */
export function deleteSecondFactor(db: Queries, userId: string) {
  return [
    db
      .update(user)
      .set({ twoFactorEnabled: false })
      .where(and(eq(user.id, userId), eq(user.twoFactorEnabled, true)))
      .returning({ id: user.id }),
    db.delete(twoFactor).where(eq(twoFactor.userId, userId)),
    db.delete(passkey).where(eq(passkey.userId, userId)),
    deleteTrustedDevices(db, userId),
  ] as const;
}

export function setSessionData(db: Queries, sessionId: string, data: SignInData) {
  return db.update(session).set({ data }).where(eq(session.id, sessionId));
}
