/** Access to a tenant's registry without a credential: through the public slug or a secret URL. */
import { and, asc, eq, sql } from "drizzle-orm";
import { registryPaths } from "../../schema/entries.ts";
import { tenants } from "../../schema/tenants.ts";
import type { Queries } from "../shared/queries.ts";

const readable = {
  id: tenants.id,
  slug: tenants.slug,
  isOpen: sql<boolean>`${tenants.settings} -> 'anonymousAccess' = 'true'::jsonb`,
};

/** System role: resolves the tenant from the path, before authentication. */
export function findTenantOfPublicRegistry(db: Queries, slug: string) {
  return db
    .select(readable)
    .from(tenants)
    .where(
      and(
        eq(tenants.slug, slug),
        eq(tenants.status, "active"),
        sql`${tenants.settings} -> 'publicRegistry' = 'true'::jsonb`,
      ),
    );
}

/** System role: a member reads the registry of their own tenant, public or not. */
export function findOwnRegistry(db: Queries, slug: string, tenantId: string) {
  return db
    .select(readable)
    .from(tenants)
    .where(and(eq(tenants.slug, slug), eq(tenants.id, tenantId), eq(tenants.status, "active")));
}

/** System role. */
export function findTenantOfRegistryPath(db: Queries, tokenHash: string) {
  return db
    .select(readable)
    .from(registryPaths)
    .innerJoin(tenants, eq(tenants.id, registryPaths.tenantId))
    .where(and(eq(registryPaths.tokenHash, tokenHash), eq(tenants.status, "active")));
}

const shownPath = {
  id: registryPaths.id,
  label: registryPaths.label,
  createdBy: registryPaths.createdBy,
  createdAt: registryPaths.createdAt,
};

export function listPaths(db: Queries, tenantId: string) {
  return db
    .select(shownPath)
    .from(registryPaths)
    .where(eq(registryPaths.tenantId, tenantId))
    .orderBy(asc(registryPaths.id))
    .limit(100);
}

export function findPath(db: Queries, tenantId: string, id: string) {
  return db
    .select(shownPath)
    .from(registryPaths)
    .where(and(eq(registryPaths.tenantId, tenantId), eq(registryPaths.id, id)));
}

export function insertPath(db: Queries, values: typeof registryPaths.$inferInsert) {
  return db.insert(registryPaths).values(values).returning(shownPath);
}

export function deletePath(db: Queries, tenantId: string, id: string) {
  return db.delete(registryPaths).where(and(eq(registryPaths.tenantId, tenantId), eq(registryPaths.id, id)));
}
