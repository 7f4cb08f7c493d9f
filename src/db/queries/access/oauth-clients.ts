/** OAuth clients and what they were allowed, as admins manage them (system role: these tables are no tenant's). */
import { and, eq, ilike, or, sql } from "drizzle-orm";
import { user } from "../../schema/identity.ts";
import { oauthClient, oauthConsent } from "../../schema/oauth.ts";
import { likePattern } from "../shared/like-pattern.ts";
import type { Queries } from "../shared/queries.ts";
import { afterKey, cursorValues, orderBy, type PageQuery, type SortKey, sortKey } from "../shared/sort.ts";

interface SearchQuery extends PageQuery {
  readonly q: string | undefined;
}

const grant = {
  id: oauthConsent.id,
  clientId: oauthConsent.clientId,
  clientName: oauthClient.name,
  userId: user.id,
  userName: user.name,
  email: user.email,
  scopes: oauthConsent.scopes,
  createdAt: oauthConsent.createdAt,
  updatedAt: oauthConsent.updatedAt,
};

export const grantSorts: Readonly<Record<string, SortKey>> = {
  updatedAt: sortKey(oauthConsent.updatedAt),
  createdAt: sortKey(oauthConsent.createdAt),
  email: sortKey(user.email),
};
export const grantId = oauthConsent.id;

/** Which clients act in a tenant, and for whom. */
export function listGrants(
  db: Queries,
  tenantId: string,
  query: SearchQuery & { clientId: string | undefined },
) {
  const like = query.q === undefined ? undefined : likePattern(query.q);
  return db
    .select({ ...grant, place: cursorValues(query.order) })
    .from(oauthConsent)
    .innerJoin(oauthClient, eq(oauthClient.clientId, oauthConsent.clientId))
    .innerJoin(user, eq(user.id, oauthConsent.userId))
    .where(
      and(
        eq(oauthConsent.referenceId, tenantId),
        query.clientId === undefined ? undefined : eq(oauthConsent.clientId, query.clientId),
        like === undefined ? undefined : or(ilike(oauthClient.name, like), ilike(user.email, like)),
        afterKey(query.order, query.after),
      ),
    )
    .orderBy(...orderBy(query.order))
    .limit(query.limit);
}

export function findGrant(db: Queries, tenantId: string, id: string) {
  return db
    .select(grant)
    .from(oauthConsent)
    .innerJoin(oauthClient, eq(oauthClient.clientId, oauthConsent.clientId))
    .innerJoin(user, eq(user.id, oauthConsent.userId))
    .where(and(eq(oauthConsent.referenceId, tenantId), eq(oauthConsent.id, id)));
}

const client = {
  id: oauthClient.id,
  clientId: oauthClient.clientId,
  name: oauthClient.name,
  uri: oauthClient.uri,
  redirectUris: oauthClient.redirectUris,
  /** Whether its description is fetched from its id, or it has registered itself. */
  discovery: oauthClient.clientDiscoveryId,
  disabled: oauthClient.disabled,
  // Drizzle omits the table of a column in queries of one table.
  grants: sql<number>`(select count(*)::int from ${oauthConsent} where oauth_consent.client_id = oauth_client.client_id)`,
  createdAt: oauthClient.createdAt,
};

export const clientSorts: Readonly<Record<string, SortKey>> = {
  createdAt: sortKey(oauthClient.createdAt),
  name: sortKey(oauthClient.name),
};
export const clientRowId = oauthClient.id;

export function listClients(db: Queries, query: SearchQuery & { disabled: boolean | undefined }) {
  const like = query.q === undefined ? undefined : likePattern(query.q);
  return db
    .select({ ...client, place: cursorValues(query.order) })
    .from(oauthClient)
    .where(
      and(
        query.disabled === undefined ? undefined : eq(oauthClient.disabled, query.disabled),
        like === undefined ? undefined : or(ilike(oauthClient.name, like), ilike(oauthClient.clientId, like)),
        afterKey(query.order, query.after),
      ),
    )
    .orderBy(...orderBy(query.order))
    .limit(query.limit);
}

export function findClient(db: Queries, id: string) {
  return db.select(client).from(oauthClient).where(eq(oauthClient.id, id));
}

export function setClientDisabled(db: Queries, id: string, disabled: boolean) {
  return db
    .update(oauthClient)
    .set({ disabled })
    .where(eq(oauthClient.id, id))
    .returning({ id: oauthClient.id });
}
