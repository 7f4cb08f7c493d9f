/** Keys as their owners and admins see them: hash and salt leave this file only for verification. */
import { and, eq, inArray, sql } from "drizzle-orm";
import { apiKeys, legacyApiKeys } from "../../schema/access.ts";
import { user } from "../../schema/identity.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import { clampLimit } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";
import { afterKey, cursorValues, orderBy, type PageQuery } from "../shared/sort.ts";
import { isKeyInScope, type KeyScope, keyColumns } from "./api-key-lookup.ts";

export function findKey(db: Queries, reach: KeyScope, id: string) {
  return db
    .select(keyColumns)
    .from(apiKeys)
    .where(and(isKeyInScope(reach), eq(apiKeys.id, id)));
}

export type NewKey = typeof apiKeys.$inferInsert;

export function insertKey(db: Queries, key: NewKey) {
  return db.insert(apiKeys).values(key).returning(keyColumns);
}

export function updateKey(db: Queries, reach: KeyScope, id: string, change: Partial<NewKey>) {
  return db
    .update(apiKeys)
    .set(change)
    .where(and(isKeyInScope(reach), eq(apiKeys.id, id)))
    .returning(keyColumns);
}

/** Returns the role of a user in this tenant, or no row. */
export function findMemberRole(db: Queries, tenantId: string, userId: string) {
  return db
    .select({
      role: tenantMembers.role,
      isActive: user.isActive,
      /** Determined by the account, which cannot be changed; the role of a member does not prove it. */
      isServiceAccount: sql<boolean>`(${user.role} = 'service')`,
    })
    .from(tenantMembers)
    .innerJoin(user, eq(user.id, tenantMembers.userId))
    .where(and(eq(tenantMembers.tenantId, tenantId), eq(tenantMembers.userId, userId)));
}

export const legacyKeyColumns = {
  id: legacyApiKeys.id,
  userId: legacyApiKeys.userId,
  name: legacyApiKeys.name,
  keyPrefix: legacyApiKeys.keyPrefix,
  scopes: legacyApiKeys.scopes,
  ipAllowlist: legacyApiKeys.ipAllowlist,
  isActive: legacyApiKeys.isActive,
  expiresAt: legacyApiKeys.expiresAt,
  lastUsed: legacyApiKeys.lastUsed,
  totalRequests: legacyApiKeys.totalRequests,
  upgradedTo: legacyApiKeys.upgradedTo,
  createdAt: legacyApiKeys.createdAt,
};

const isLegacyKeyInScope = ({ tenantId, userId }: KeyScope) =>
  and(
    eq(legacyApiKeys.tenantId, tenantId),
    userId === undefined ? undefined : eq(legacyApiKeys.userId, userId),
  );

export function listLegacyKeys(db: Queries, reach: KeyScope, { order, after, limit }: PageQuery) {
  return db
    .select({ ...legacyKeyColumns, place: cursorValues(order) })
    .from(legacyApiKeys)
    .where(and(isLegacyKeyInScope(reach), afterKey(order, after)))
    .orderBy(...orderBy(order))
    .limit(clampLimit(limit));
}

export function findLegacyKeyById(db: Queries, reach: KeyScope, id: string) {
  return db
    .select(legacyKeyColumns)
    .from(legacyApiKeys)
    .where(and(isLegacyKeyInScope(reach), eq(legacyApiKeys.id, id)));
}

export function updateLegacyKey(
  db: Queries,
  reach: KeyScope,
  id: string,
  change: Partial<typeof legacyApiKeys.$inferInsert>,
) {
  return db
    .update(legacyApiKeys)
    .set(change)
    .where(and(isLegacyKeyInScope(reach), eq(legacyApiKeys.id, id)))
    .returning(legacyKeyColumns);
}

export interface KeyUsage {
  readonly id: string;
  requests: number;
  /** Milliseconds since 1970. */
  lastUsed: number;
}

const used = (usage: readonly KeyUsage[]) => sql`(
  select * from jsonb_to_recordset(${JSON.stringify(usage)}::jsonb)
    as used (id uuid, requests int, "lastUsed" double precision)) used`;

/** System role: one statement for all keys that an isolate has seen, of whichever tenant. */
export function addKeyUsage(db: Queries, usage: readonly KeyUsage[]) {
  return db
    .update(apiKeys)
    .set({
      totalRequests: sql`${apiKeys.totalRequests} + used.requests`,
      lastUsed: sql`greatest(${apiKeys.lastUsed}, to_timestamp(used."lastUsed" / 1000))`,
      // Being used is no change.
      updatedAt: sql`${apiKeys.updatedAt}`,
    })
    .from(used(usage))
    .where(sql`${apiKeys.id} = used.id`);
}

export function addLegacyKeyUsage(db: Queries, usage: readonly KeyUsage[]) {
  return db
    .update(legacyApiKeys)
    .set({
      totalRequests: sql`${legacyApiKeys.totalRequests} + used.requests`,
      lastUsed: sql`greatest(${legacyApiKeys.lastUsed}, to_timestamp(used."lastUsed" / 1000))`,
      updatedAt: sql`${legacyApiKeys.updatedAt}`,
    })
    .from(used(usage))
    .where(sql`${legacyApiKeys.id} = used.id`);
}

export function loadKeyRates(db: Queries, tenantId: string, ids: readonly string[]) {
  return db
    .select({ id: apiKeys.id, perHour: apiKeys.rateLimitPerHour, perDay: apiKeys.rateLimitPerDay })
    .from(apiKeys)
    .where(and(eq(apiKeys.tenantId, tenantId), inArray(apiKeys.id, [...ids])));
}
