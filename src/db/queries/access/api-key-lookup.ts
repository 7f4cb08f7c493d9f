/** Keys of programs, and the access rules of a user, a role or a key. */
import { and, asc, desc, eq, gte, ilike, inArray, isNotNull, lt, or } from "drizzle-orm";
import { apiKeys, legacyApiKeys } from "../../schema/access.ts";
import { user } from "../../schema/identity.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import { tenants } from "../../schema/tenants.ts";
import { selectGroups } from "../identity/groups.ts";
import { afterCursor, clampLimit, type NameCursor } from "../shared/keyset.ts";
import { likePattern } from "../shared/like-pattern.ts";
import type { Queries } from "../shared/queries.ts";

const owner = { isActive: user.isActive, banned: user.banned, banExpires: user.banExpires };

/** Neither hash nor salt: what a list may show. */
export const keyColumns = {
  id: apiKeys.id,
  tenantId: apiKeys.tenantId,
  userId: apiKeys.userId,
  name: apiKeys.name,
  description: apiKeys.description,
  keyPrefix: apiKeys.keyPrefix,
  scopes: apiKeys.scopes,
  rateLimitPerHour: apiKeys.rateLimitPerHour,
  rateLimitPerDay: apiKeys.rateLimitPerDay,
  connectServer: apiKeys.connectServer,
  ipAllowlist: apiKeys.ipAllowlist,
  expiresAt: apiKeys.expiresAt,
  lastUsed: apiKeys.lastUsed,
  totalRequests: apiKeys.totalRequests,
  isActive: apiKeys.isActive,
  rotatedFrom: apiKeys.rotatedFrom,
  revokedAt: apiKeys.revokedAt,
  createdBy: apiKeys.createdBy,
  createdAt: apiKeys.createdAt,
  updatedAt: apiKeys.updatedAt,
};

/** Whose keys are in reach; undefined for all of the tenant. */
export interface KeyScope {
  readonly tenantId: string;
  readonly userId?: string | undefined;
  readonly keyId?: string | undefined;
}

export const isKeyInScope = ({ tenantId, userId, keyId }: KeyScope) =>
  and(
    eq(apiKeys.tenantId, tenantId),
    userId === undefined ? undefined : eq(apiKeys.userId, userId),
    keyId === undefined ? undefined : eq(apiKeys.id, keyId),
  );

/** A page by name, which no index holds, so that none but the tenant's own keys are looked at. */
export function listApiKeys(
  db: Queries,
  tenantId: string,
  query: Omit<KeyScope, "tenantId"> & {
    isActive?: boolean | "any";
    /** Of this user, as far as the scope reaches. */
    ownerId?: string | undefined;
    search?: string | undefined;
    after?: NameCursor | undefined;
    limit?: number;
  } = {},
) {
  return db
    .select(keyColumns)
    .from(apiKeys)
    .where(
      and(
        isKeyInScope({ ...query, tenantId }),
        query.isActive === "any" ? undefined : eq(apiKeys.isActive, query.isActive ?? true),
        query.ownerId === undefined ? undefined : eq(apiKeys.userId, query.ownerId),
        query.search === undefined
          ? undefined
          : or(
              ilike(apiKeys.name, likePattern(query.search)),
              ilike(apiKeys.keyPrefix, likePattern(query.search)),
            ),
        afterCursor(apiKeys.name, apiKeys.id, query.after),
      ),
    )
    .orderBy(asc(apiKeys.name), asc(apiKeys.id))
    .limit(clampLimit(query.limit));
}

/** Salted keys with the same beginning that are looked at. */
const MAX_LEGACY_CANDIDATES = 20;

/**
 * System role, for the old backend's keys, which name nothing: the rows are found by the hash, or by the beginning of a
 * salted key, and contain the tenant.
 */
export function listLegacyCandidates(db: Queries, keyHash: string, prefixes: readonly string[]) {
  const key = {
    id: legacyApiKeys.id,
    tenantId: legacyApiKeys.tenantId,
    userId: legacyApiKeys.userId,
    scopes: legacyApiKeys.scopes,
    ipAllowlist: legacyApiKeys.ipAllowlist,
    isActive: legacyApiKeys.isActive,
    expiresAt: legacyApiKeys.expiresAt,
    keyHash: legacyApiKeys.keyHash,
    salt: legacyApiKeys.salt,
  };
  const isSalted = and(isNotNull(legacyApiKeys.salt), inArray(legacyApiKeys.keyPrefix, [...prefixes]));
  return db
    .select({
      key,
      tenantStatus: tenants.status,
      settings: tenants.settings,
      role: tenantMembers.role,
      groups: selectGroups(legacyApiKeys.tenantId, legacyApiKeys.userId),
      owner,
    })
    .from(legacyApiKeys)
    .innerJoin(tenants, eq(tenants.id, legacyApiKeys.tenantId))
    .leftJoin(user, eq(user.id, legacyApiKeys.userId))
    .leftJoin(
      tenantMembers,
      and(eq(tenantMembers.tenantId, legacyApiKeys.tenantId), eq(tenantMembers.userId, legacyApiKeys.userId)),
    )
    .where(or(eq(legacyApiKeys.keyHash, keyHash), isSalted))
    .limit(MAX_LEGACY_CANDIDATES);
}

/** System role (cron): whose owners are to be warned. */
export function listExpiringKeys(db: Queries, query: { from: Date; until: Date; limit?: number }) {
  return db
    .select(keyColumns)
    .from(apiKeys)
    .where(
      and(
        isNotNull(apiKeys.expiresAt),
        gte(apiKeys.expiresAt, query.from),
        lt(apiKeys.expiresAt, query.until),
        eq(apiKeys.isActive, true),
      ),
    )
    .orderBy(asc(apiKeys.expiresAt))
    .limit(clampLimit(query.limit, 200));
}

/** System role: which keys are in use, latest first, those with few requests left out. */
export function listKeysByUsage(
  db: Queries,
  query: { usedSince: Date; minRequests?: number; limit?: number },
) {
  return db
    .select(keyColumns)
    .from(apiKeys)
    .where(
      and(
        gte(apiKeys.lastUsed, query.usedSince),
        query.minRequests === undefined ? undefined : gte(apiKeys.totalRequests, query.minRequests),
        eq(apiKeys.isActive, true),
      ),
    )
    .orderBy(desc(apiKeys.lastUsed), desc(apiKeys.totalRequests))
    .limit(clampLimit(query.limit));
}
