/** Tenants as those see them who run the gateway (system role), and as a tenant sees itself. */
import { and, count, eq, ilike, inArray, ne, or, sql } from "drizzle-orm";
import type { TenantStatus } from "../../../core/enums.ts";
import { apiKeys } from "../../schema/access.ts";
import { tenantMembers } from "../../schema/tenancy.ts";
import { type PlanLimits, tenants } from "../../schema/tenants.ts";
import type { Queries } from "../shared/queries.ts";
import { afterKey, cursorValues, orderBy, type PageQuery, type SortKey, sortKey } from "../shared/sort.ts";

export const tenantColumns = {
  id: tenants.id,
  name: tenants.name,
  slug: tenants.slug,
  status: tenants.status,
  settings: tenants.settings,
  weight: tenants.weight,
  planLimits: tenants.planLimits,
  timeZone: tenants.timeZone,
  createdAt: tenants.createdAt,
  updatedAt: tenants.updatedAt,
};

export const tenantSorts: Readonly<Record<string, SortKey>> = {
  name: sortKey(tenants.name),
  slug: sortKey(tenants.slug),
  weight: sortKey(tenants.weight),
  createdAt: sortKey(tenants.createdAt),
};
export const tenantId = tenants.id;

export function listTenants(
  db: Queries,
  query: PageQuery & { status: TenantStatus | undefined; q: string | undefined },
) {
  const { status, q, order, after } = query;
  const like = q === undefined ? undefined : `%${q.replace(/[\\%_]/g, "\\$&")}%`;
  return db
    .select({ ...tenantColumns, place: cursorValues(order) })
    .from(tenants)
    .where(
      and(
        status === undefined ? undefined : eq(tenants.status, status),
        like === undefined ? undefined : or(ilike(tenants.name, like), ilike(tenants.slug, like)),
        afterKey(order, after),
      ),
    )
    .orderBy(...orderBy(order))
    .limit(query.limit);
}

/** System role (jobs). */
export function listActiveTenantIds(db: Queries, limit: number) {
  return db.select({ id: tenants.id }).from(tenants).where(eq(tenants.status, "active")).limit(limit);
}

export function findTenant(db: Queries, id: string) {
  return db.select(tenantColumns).from(tenants).where(eq(tenants.id, id)).limit(1);
}

export function insertTenant(db: Queries, values: typeof tenants.$inferInsert) {
  return db.insert(tenants).values(values).returning(tenantColumns);
}

export interface TenantChange {
  name?: string;
  timeZone?: string;
  weight?: number;
  planLimits?: PlanLimits;
  /** Laid over what is there. */
  settings?: Record<string, unknown>;
}

export function updateTenant(db: Queries, id: string, { settings, ...values }: TenantChange) {
  const laidOver =
    settings === undefined
      ? {}
      : { settings: sql`${tenants.settings} || ${JSON.stringify(settings)}::jsonb` };
  return db
    .update(tenants)
    .set({ ...values, ...laidOver })
    .where(eq(tenants.id, id))
    .returning(tenantColumns);
}

/** No row where the tenant is archived: that is the end. */
export function setTenantStatus(db: Queries, id: string, status: TenantStatus) {
  return db
    .update(tenants)
    .set({ status })
    .where(and(eq(tenants.id, id), ne(tenants.status, "archived")))
    .returning(tenantColumns);
}

/** What a member count is held against. */
/** How many keys work, and how many may. */
export function loadKeyCountAndLimits(db: Queries, tenantId: string) {
  const keys = db.$count(apiKeys, and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.isActive, true)));
  return db.select({ keys, planLimits: tenants.planLimits }).from(tenants).where(eq(tenants.id, tenantId));
}

export function loadMemberCountAndLimits(db: Queries, tenantId: string) {
  return db
    .select({
      name: tenants.name,
      planLimits: tenants.planLimits,
      members: count(tenantMembers.id),
    })
    .from(tenants)
    .leftJoin(tenantMembers, eq(tenantMembers.tenantId, tenants.id))
    .where(eq(tenants.id, tenantId))
    .groupBy(tenants.id);
}

export function listTenantsByIds(db: Queries, ids: readonly string[]) {
  return db
    .select({ id: tenants.id, name: tenants.name, slug: tenants.slug, weight: tenants.weight })
    .from(tenants)
    .where(inArray(tenants.id, [...ids]));
}
