/** Tellings of alerts on their way, and what signs them (system role). */
import { and, eq, inArray, isNull, lt, lte, sql } from "drizzle-orm";
import { alertDeliveries, alertSigningSecrets } from "../../schema/alerts.ts";
import type { RowOwner } from "../shared/crud.ts";
import type { Queries } from "../shared/queries.ts";

/** How long a claimed delivery is reserved. */
const CLAIM_TTL = sql`interval '2 minutes'`;

/** Each is taken by one only, however often the queue brings it. */
export function claimDeliveries(db: Queries, ids: readonly string[], now: Date) {
  return db
    .update(alertDeliveries)
    .set({
      attempts: sql`${alertDeliveries.attempts} + 1`,
      nextAttemptAt: sql`${now.toISOString()}::timestamptz + ${CLAIM_TTL}`,
    })
    .where(
      and(
        inArray(alertDeliveries.id, [...ids]),
        eq(alertDeliveries.status, "pending"),
        lte(alertDeliveries.nextAttemptAt, now),
      ),
    )
    .returning({
      id: alertDeliveries.id,
      tenantId: alertDeliveries.tenantId,
      channel: alertDeliveries.channel,
      message: alertDeliveries.message,
      attempts: alertDeliveries.attempts,
    });
}

export function markDelivered(db: Queries, id: string, at: Date) {
  return db
    .update(alertDeliveries)
    .set({ status: "delivered", deliveredAt: at, lastError: null })
    .where(eq(alertDeliveries.id, id));
}

/** Without a next time there are no further attempts. */
export function markFailed(db: Queries, id: string, error: string, next: Date | undefined) {
  return db
    .update(alertDeliveries)
    .set({
      lastError: error.slice(0, 500),
      ...(next === undefined ? { status: "failed" as const } : { nextAttemptAt: next }),
    })
    .where(eq(alertDeliveries.id, id));
}

/** What no message of the queue has brought in time. */
export function listOverdueDeliveries(db: Queries, before: Date, limit: number) {
  return db
    .select({ id: alertDeliveries.id })
    .from(alertDeliveries)
    .where(and(eq(alertDeliveries.status, "pending"), lt(alertDeliveries.nextAttemptAt, before)))
    .orderBy(alertDeliveries.nextAttemptAt)
    .limit(limit);
}

const isOwner = (owner: RowOwner) =>
  owner === null ? isNull(alertSigningSecrets.tenantId) : eq(alertSigningSecrets.tenantId, owner);

export function findSigningSecret(db: Queries, owner: RowOwner) {
  return db.select().from(alertSigningSecrets).where(isOwner(owner));
}

/** Where two come at once, the first one's stays. */
export function insertSigningSecret(db: Queries, owner: RowOwner, sealedSecret: string) {
  return db.insert(alertSigningSecrets).values({ tenantId: owner, sealedSecret }).onConflictDoNothing();
}

/** The one before goes on counting until then. */
export function replaceSigningSecret(
  db: Queries,
  owner: RowOwner,
  sealedSecret: string,
  previousUntil: Date,
) {
  return db
    .insert(alertSigningSecrets)
    .values({ tenantId: owner, sealedSecret })
    .onConflictDoUpdate({
      target: alertSigningSecrets.tenantId,
      set: {
        sealedSecret,
        sealedPrevious: sql`${alertSigningSecrets.sealedSecret}`,
        previousUntil,
        updatedAt: sql`now()`,
      },
    });
}
