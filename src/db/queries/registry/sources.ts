/** Where a tenant's registry takes entries from: which sources are due, and how far a pass has come. */
import { and, eq, isNull, lt, or, sql } from "drizzle-orm";
import { registrySources } from "../../schema/entries.ts";
import { tenants } from "../../schema/tenants.ts";
import type { Queries } from "../shared/queries.ts";

/** Returns no row if another run has started since. */
export function startPass(
  db: Queries,
  tenantId: string,
  id: string,
  { at, since }: { at: Date; since: Date },
) {
  return db
    .update(registrySources)
    .set({ attemptedAt: at, updatedAt: sql`${registrySources.updatedAt}` })
    .where(
      and(
        eq(registrySources.tenantId, tenantId),
        eq(registrySources.id, id),
        eq(registrySources.isActive, true),
        or(isNull(registrySources.attemptedAt), lt(registrySources.attemptedAt, since)),
      ),
    )
    .returning();
}

export type PassState = Partial<
  Pick<
    typeof registrySources.$inferInsert,
    "cursor" | "passStartedAt" | "changedSince" | "syncedAt" | "lastError" | "attemptedAt"
  >
>;

export function savePass(db: Queries, tenantId: string, id: string, state: PassState) {
  return db
    .update(registrySources)
    .set({ ...state, updatedAt: sql`${registrySources.updatedAt}` })
    .where(and(eq(registrySources.tenantId, tenantId), eq(registrySources.id, id)));
}

/** System role (cron). What is under way and stuck is taken up again sooner than what is only due. */
export function listSourcesDue(db: Queries, query: { now: Date; limit: number }) {
  const now = sql`${query.now.toISOString()}::timestamptz`;
  const { attemptedAt, intervalMinutes, cursor } = registrySources;
  return db
    .select({ id: registrySources.id, tenantId: registrySources.tenantId })
    .from(registrySources)
    .innerJoin(tenants, eq(tenants.id, registrySources.tenantId))
    .where(
      and(
        eq(registrySources.isActive, true),
        eq(tenants.status, "active"),
        or(
          isNull(attemptedAt),
          sql`${attemptedAt} < ${now} - ${intervalMinutes} * interval '1 minute'`,
          sql`${cursor} is not null and ${attemptedAt} < ${now} - interval '5 minutes'`,
        ),
      ),
    )
    .orderBy(sql`${attemptedAt} nulls first`)
    .limit(query.limit);
}
