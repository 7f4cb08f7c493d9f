/** What people have allowed OAuth clients (system role: a token comes before any tenant is known). */
import { and, desc, eq, isNull, or, type SQL, sql } from "drizzle-orm";
import { passkey, session, user } from "../../schema/identity.ts";
import { jwks, oauthAccessToken, oauthClient, oauthConsent, oauthRefreshToken } from "../../schema/oauth.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import { tenants } from "../../schema/tenants.ts";
import { selectGroups } from "../identity/groups.ts";
import type { Queries } from "../shared/queries.ts";
import { secondFactorFrom } from "../tenants/second-factor.ts";

export function listSigningKeys(db: Queries) {
  return db
    .select({ id: jwks.id, alg: jwks.alg, publicKey: jwks.publicKey, expiresAt: jwks.expiresAt })
    .from(jwks)
    .orderBy(desc(jwks.createdAt))
    .limit(20);
}

export interface TokenFacts {
  readonly userId: string;
  readonly clientId: string;
  readonly tenantId: string;
  readonly sessionId: string | undefined;
  readonly consentId: string;
  /** The endpoints that it is shown to; each must have been consented to. */
  readonly resources: readonly string[];
  /** What a consent without resources is for. */
  readonly defaultResource: string;
  /** As `revokedTokenKey` makes it. */
  readonly revokedKey: string;
}

/**
 * Checks whether the claims of a token still hold, in one query: the person, their membership, the tenant, the client, the
 * consent; that the session it began in has not been ended; and that it was not revoked by itself. No row: it does not.
 */
export function loadTokenStatus(db: Queries, facts: TokenFacts, now: Date) {
  const { userId, clientId, tenantId, sessionId, revokedKey, consentId, resources, defaultResource } = facts;
  const sessionAlive: SQL =
    sessionId === undefined
      ? sql`true`
      : sql`exists (select 1 from ${session} where ${session.id} = ${sessionId} and ${session.isActive}
          and ${session.expiresAt} > ${now.toISOString()})`;
  return db
    .select({
      consentId: oauthConsent.id,
      role: tenantMembers.role,
      groups: selectGroups(tenantMembers.tenantId, tenantMembers.userId),
      scopes: oauthConsent.scopes,
      // A passkey is both factors, and an identity provider may prove the second one for its session.
      isSecondFactorEnabled: sql<boolean>`(${user.twoFactorEnabled}
        or exists (select 1 from ${passkey} where ${passkey.userId} = ${user.id})
        or exists (select 1 from ${session} where ${session.id} = ${sessionId ?? null} and ${session.isSecondFactorProved}))`,
      secondFactorFrom: secondFactorFrom(),
    })
    .from(oauthConsent)
    .innerJoin(user, eq(user.id, oauthConsent.userId))
    .innerJoin(oauthClient, eq(oauthClient.clientId, oauthConsent.clientId))
    .innerJoin(tenants, eq(tenants.id, sql`${tenantId}::uuid`))
    .innerJoin(tenantMembers, and(eq(tenantMembers.tenantId, tenants.id), eq(tenantMembers.userId, user.id)))
    .where(
      and(
        eq(oauthConsent.id, consentId),
        eq(oauthConsent.clientId, clientId),
        eq(oauthConsent.userId, userId),
        eq(oauthConsent.referenceId, tenantId),
        sql`coalesce(${oauthConsent.resources}, array[${defaultResource}]) @> ${textArray(resources)}`,
        eq(oauthClient.disabled, false),
        eq(tenants.status, "active"),
        eq(user.isActive, true),
        or(eq(user.banned, false), sql`${user.banExpires} <= ${now.toISOString()}`),
        sessionAlive,
        sql`not exists (select 1 from ${oauthAccessToken} where ${oauthAccessToken.token} = ${revokedKey})`,
      ),
    )
    .limit(1);
}

const textArray = (values: readonly string[]) =>
  sql`array[${sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  )}]::text[]`;

/** The consent of a person to a client in a tenant. */
export function findConsent(
  db: Queries,
  { clientId, userId, tenantId }: { clientId: string; userId: string; tenantId: string },
) {
  return db
    .select({ id: oauthConsent.id, scopes: oauthConsent.scopes, resources: oauthConsent.resources })
    .from(oauthConsent)
    .where(
      and(
        eq(oauthConsent.clientId, clientId),
        eq(oauthConsent.userId, userId),
        eq(oauthConsent.referenceId, tenantId),
      ),
    )
    .orderBy(oauthConsent.createdAt)
    .limit(1);
}

/** Consenting to one endpoint more takes none away. */
export function saveResources(db: Queries, consentId: string, resources: readonly string[]) {
  const both = sql`${oauthConsent.resources} || ${textArray(resources)}`;
  return db
    .update(oauthConsent)
    .set({ resources: sql`(select array_agg(distinct resource) from unnest(${both}) as resource)` })
    .where(eq(oauthConsent.id, consentId));
}

/** A signed token cannot be changed, so its revocation is stored until it expires. */
export function saveRevokedToken(db: Queries, row: typeof oauthAccessToken.$inferInsert) {
  return db.insert(oauthAccessToken).values(row).onConflictDoNothing();
}

export function findRefreshToken(db: Queries, hash: string) {
  return db
    .select({
      clientId: oauthRefreshToken.clientId,
      userId: oauthRefreshToken.userId,
      revoked: oauthRefreshToken.revoked,
      replayUntil: oauthRefreshToken.rotationReplayExpiresAt,
    })
    .from(oauthRefreshToken)
    .where(eq(oauthRefreshToken.token, hash))
    .limit(1);
}

export interface OAuthGrant {
  readonly clientId: string;
  readonly userId: string;
  /** Without it: in every tenant. */
  readonly tenantId?: string | undefined;
}

/** Three statements for one batch. Without the consent no access token holds, without refresh tokens none is renewed. */
export function deleteGrant(db: Queries, { clientId, userId, tenantId }: OAuthGrant) {
  const inTenant = (
    column:
      | typeof oauthConsent.referenceId
      | typeof oauthRefreshToken.referenceId
      | typeof oauthAccessToken.referenceId,
  ) => (tenantId === undefined ? undefined : eq(column, tenantId));
  return [
    db
      .delete(oauthConsent)
      .where(
        and(
          eq(oauthConsent.clientId, clientId),
          eq(oauthConsent.userId, userId),
          inTenant(oauthConsent.referenceId),
        ),
      ),
    db.delete(oauthAccessToken).where(
      and(
        eq(oauthAccessToken.clientId, clientId),
        eq(oauthAccessToken.userId, userId),
        // Rows with this mark are the memory of revoked tokens.
        isNull(oauthAccessToken.revoked),
        inTenant(oauthAccessToken.referenceId),
      ),
    ),
    db
      .delete(oauthRefreshToken)
      .where(
        and(
          eq(oauthRefreshToken.clientId, clientId),
          eq(oauthRefreshToken.userId, userId),
          inTenant(oauthRefreshToken.referenceId),
        ),
      ),
  ] as const;
}

/** Every client that a person has connected, newest first. */
export function listGrantsOfUser(db: Queries, userId: string) {
  return db
    .select({
      id: oauthConsent.id,
      clientId: oauthConsent.clientId,
      clientName: oauthClient.name,
      redirectUris: oauthClient.redirectUris,
      tenantId: oauthConsent.referenceId,
      tenantName: tenants.name,
      scopes: oauthConsent.scopes,
      resources: oauthConsent.resources,
      createdAt: oauthConsent.createdAt,
      updatedAt: oauthConsent.updatedAt,
    })
    .from(oauthConsent)
    .innerJoin(oauthClient, eq(oauthClient.clientId, oauthConsent.clientId))
    .leftJoin(tenants, eq(sql`${tenants.id}::text`, oauthConsent.referenceId))
    .where(eq(oauthConsent.userId, userId))
    .orderBy(desc(oauthConsent.updatedAt))
    .limit(200);
}

export function findClientForConsent(db: Queries, clientId: string) {
  return db
    .select({
      clientId: oauthClient.clientId,
      name: oauthClient.name,
      uri: oauthClient.uri,
      redirectUris: oauthClient.redirectUris,
      discovery: oauthClient.clientDiscoveryId,
      createdAt: oauthClient.createdAt,
    })
    .from(oauthClient)
    .where(and(eq(oauthClient.clientId, clientId), eq(oauthClient.disabled, false)))
    .limit(1);
}
