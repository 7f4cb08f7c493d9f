/** What single sign-on reads and writes before a tenant is known (system role). */
import { and, eq, gt, isNotNull, ne, sql } from "drizzle-orm";
import type { Role } from "../../../core/enums.ts";
import { account, session, user, verification } from "../../schema/identity.ts";
import { identityProviders } from "../../schema/identity-providers.ts";
import { formerMembers, tenantMembers, verifiedDomains } from "../../schema/tenancy.ts";
import { tenants } from "../../schema/tenants.ts";
import type { Queries } from "../shared/queries.ts";

/** How an account of an identity provider is named among those of all providers. */
const ssoProviderId = (identityProviderId: string) => `sso:${identityProviderId}`;

const providerColumns = {
  id: identityProviders.id,
  tenantId: identityProviders.tenantId,
  name: identityProviders.name,
  issuer: identityProviders.issuer,
  discoveryUrl: identityProviders.discoveryUrl,
  clientId: identityProviders.clientId,
  clientSecret: identityProviders.clientSecret,
  emailClaim: identityProviders.emailClaim,
  nameClaim: identityProviders.nameClaim,
  defaultRole: identityProviders.defaultRole,
  isJitEnabled: identityProviders.isJitEnabled,
  trustedAmr: identityProviders.trustedAmr,
  trustedAcr: identityProviders.trustedAcr,
};

/** A provider that signs in now: enabled, of an active tenant. */
export function findActiveProvider(db: Queries, id: string) {
  return db
    .select(providerColumns)
    .from(identityProviders)
    .innerJoin(tenants, eq(tenants.id, identityProviders.tenantId))
    .where(
      and(eq(identityProviders.id, id), eq(identityProviders.isActive, true), eq(tenants.status, "active")),
    )
    .limit(1);
}

export type ActiveProvider = Awaited<ReturnType<typeof findActiveProvider>>[number];

/** The providers of the tenant that owns a domain. */
export function listProvidersOfDomain(db: Queries, domain: string) {
  return db
    .select({ id: identityProviders.id, name: identityProviders.name })
    .from(verifiedDomains)
    .innerJoin(identityProviders, eq(identityProviders.tenantId, verifiedDomains.tenantId))
    .innerJoin(tenants, eq(tenants.id, verifiedDomains.tenantId))
    .where(
      and(
        eq(verifiedDomains.domain, domain),
        isNotNull(verifiedDomains.verifiedAt),
        eq(identityProviders.isActive, true),
        eq(tenants.status, "active"),
      ),
    )
    .orderBy(identityProviders.name)
    .limit(20);
}

export function findVerifiedDomain(db: Queries, tenantId: string, domain: string) {
  return db
    .select({ id: verifiedDomains.id })
    .from(verifiedDomains)
    .where(
      and(
        eq(verifiedDomains.tenantId, tenantId),
        eq(verifiedDomains.domain, domain),
        isNotNull(verifiedDomains.verifiedAt),
      ),
    )
    .limit(1);
}

const knownUserColumns = {
  userId: user.id,
  isOperator: sql<boolean>`${user.role} = 'admin'`,
  isMember: sql<boolean>`${tenantMembers.id} is not null`,
  isFormerMember: sql<boolean>`${formerMembers.id} is not null`,
};

const isMemberOf = (tenantId: string) =>
  and(eq(tenantMembers.userId, user.id), eq(tenantMembers.tenantId, tenantId));
const isFormerMemberOf = (tenantId: string) =>
  and(eq(formerMembers.userId, user.id), eq(formerMembers.tenantId, tenantId));

type OfProvider = Pick<ActiveProvider, "id" | "tenantId">;

export function findLinkedUser(db: Queries, { id, tenantId }: OfProvider, subject: string) {
  return db
    .select(knownUserColumns)
    .from(account)
    .innerJoin(user, eq(user.id, account.userId))
    .leftJoin(tenantMembers, isMemberOf(tenantId))
    .leftJoin(formerMembers, isFormerMemberOf(tenantId))
    .where(and(eq(account.providerId, ssoProviderId(id)), eq(account.accountId, subject)))
    .limit(1);
}

export function findSsoUserByEmail(db: Queries, { id, tenantId }: OfProvider, email: string) {
  return db
    .select({ ...knownUserColumns, hasOtherSubject: sql<boolean>`${account.id} is not null` })
    .from(user)
    .leftJoin(tenantMembers, isMemberOf(tenantId))
    .leftJoin(formerMembers, isFormerMemberOf(tenantId))
    .leftJoin(account, and(eq(account.userId, user.id), eq(account.providerId, ssoProviderId(id))))
    .where(eq(user.email, email))
    .limit(1);
}

export interface SsoLink {
  readonly userId: string;
  readonly providerId: string;
  readonly subject: string;
}

export function linkSsoAccount(db: Queries, { userId, providerId, subject }: SsoLink) {
  return db.insert(account).values({ userId, providerId: ssoProviderId(providerId), accountId: subject });
}

export interface ProvisionedUser {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly tenantId: string;
  readonly role: Role;
}

/** For one batch. The address is the word of the owner of its domain. */
export function createProvisionedUser(db: Queries, { userId, name, email, tenantId, role }: ProvisionedUser) {
  return [
    db.insert(user).values({ id: userId, name, email, emailVerified: true, role: "user", tenantId }),
    db.insert(tenantMembers).values({ tenantId, userId, role }),
  ] as const;
}

export function addFormerMember(db: Queries, tenantId: string, userId: string) {
  return db.insert(formerMembers).values({ tenantId, userId }).onConflictDoNothing();
}

/** Single use: of two who come at once, one gets the row. */
export function takeSecret(db: Queries, identifier: string, now: Date) {
  return db
    .delete(verification)
    .where(and(eq(verification.identifier, identifier), gt(verification.expiresAt, now)))
    .returning({ value: verification.value });
}

/** The tenant's requirement of single sign-on for one of its members; false for operators and in impersonations. */
export const isSsoRequired = () => sql<boolean>`(${user.role} <> 'admin' and exists (
  select 1 from ${verifiedDomains} where ${verifiedDomains.tenantId} = ${tenants.id}
    and ${verifiedDomains.isSsoRequired} and ${verifiedDomains.verifiedAt} is not null
    and ${verifiedDomains.domain} = split_part(${user.email}, '@', 2)
    and ${verifiedDomains.breakGlassUserId} is distinct from ${user.id}))`;

/** Whether a session may be of a tenant: one that began at an identity provider is of that provider's tenant only. */
export const mayEnterTenant = (tenantId: string) => sql`case
  when ${session.identityProviderId} is not null then exists (
    select 1 from ${identityProviders} where ${identityProviders.id} = ${session.identityProviderId}
      and ${identityProviders.tenantId} = ${tenantId} and ${identityProviders.isActive})
  when ${session.impersonatedBy} is not null then true
  else not exists (
    select 1 from ${verifiedDomains}, ${user} where ${user.id} = ${session.userId} and ${user.role} <> 'admin'
      and ${verifiedDomains.tenantId} = ${tenantId} and ${verifiedDomains.isSsoRequired}
      and ${verifiedDomains.verifiedAt} is not null
      and ${verifiedDomains.domain} = split_part(${user.email}, '@', 2)
      and ${verifiedDomains.breakGlassUserId} is distinct from ${user.id}) end`;

/** A membership that the provider's word must not reach: of another tenant. */
export function findOtherMembership(db: Queries, userId: string, tenantId: string) {
  return db
    .select({ id: tenantMembers.id })
    .from(tenantMembers)
    .where(and(eq(tenantMembers.userId, userId), ne(tenantMembers.tenantId, tenantId)))
    .limit(1);
}
