/** Records failed authentication and counts it (system role: no tenant is known). */
import { eq, inArray, sql } from "drizzle-orm";
import { SECURITY_EVENTS, type SecurityEventType } from "../../../core/security-events.ts";
import { auditLogs, securityEvents, systemEvents } from "../../schema/logs.ts";
import { authAttempts } from "../../schema/sign-in.ts";
import type { Queries } from "../shared/queries.ts";

type SecurityEventRow = typeof securityEvents.$inferInsert;

export interface SecurityEvent extends Omit<SecurityEventRow, "eventType" | "severity" | "id" | "createdAt"> {
  readonly type: SecurityEventType;
}

export function recordSecurityEvent(db: Queries, { type, ...event }: SecurityEvent) {
  return db.insert(securityEvents).values({ ...event, eventType: type, severity: SECURITY_EVENTS[type] });
}

/** Each once: an event that is there already stays as it is. */
export function recordSecurityEvents(
  db: Queries,
  events: readonly (SecurityEvent & { readonly id: string })[],
) {
  return db
    .insert(securityEvents)
    .values(
      events.map(({ type, ...event }) => ({ ...event, eventType: type, severity: SECURITY_EVENTS[type] })),
    )
    .onConflictDoNothing();
}

/** Each once. */
export function recordSystemEvents(db: Queries, events: (typeof systemEvents.$inferInsert)[]) {
  return db.insert(systemEvents).values(events).onConflictDoNothing();
}

export function recordAudit(db: Queries, entry: typeof auditLogs.$inferInsert) {
  return db.insert(auditLogs).values(entry);
}

export interface AttemptLimit {
  readonly key: string;
  /** So many failures cost nothing; each further one doubles the wait. */
  readonly free: number;
}

const ATTEMPTS_TTL = sql`interval '1 hour'`;
const MAX_BLOCK_SECONDS = 900;

/**
 * Counts an attempt before it is made, so that concurrent attempts are limited too; a success is subtracted again.
 * Returns no row while the key is blocked, and does not extend the block: otherwise an attacker could lock the owner
 * out permanently.
 */
export function startAttempt(db: Queries, { key, free }: AttemptLimit) {
  const forgotten = sql`${authAttempts.updatedAt} < now() - ${ATTEMPTS_TTL}`;
  const failures = sql<number>`case when ${forgotten} then 1 else ${authAttempts.failures} + 1 end`;
  const wait = sql`least(${MAX_BLOCK_SECONDS}, power(2, least(${failures} - ${free}::int, 20))) * interval '1 second'`;
  return db
    .insert(authAttempts)
    .values({ key, failures: 1 })
    .onConflictDoUpdate({
      target: authAttempts.key,
      set: {
        failures,
        blockedUntil: sql`case when ${failures} > ${free}::int then now() + ${wait} end`,
        updatedAt: sql`now()`,
      },
      setWhere: sql`${authAttempts.blockedUntil} is null or ${authAttempts.blockedUntil} <= now()`,
    })
    .returning({ failures: authAttempts.failures });
}

/** Counts what happened again within the hour. Attempts and occurrences share a table; their keys never meet. */
export function countOccurrence(db: Queries, key: string) {
  const forgotten = sql`${authAttempts.createdAt} < now() - ${ATTEMPTS_TTL}`;
  return db
    .insert(authAttempts)
    .values({ key, failures: 1 })
    .onConflictDoUpdate({
      target: authAttempts.key,
      set: {
        failures: sql`case when ${forgotten} then 1 else ${authAttempts.failures} + 1 end`,
        createdAt: sql`case when ${forgotten} then now() else ${authAttempts.createdAt} end`,
        updatedAt: sql`now()`,
      },
    })
    .returning({ failures: authAttempts.failures });
}

export function findBlockedSeconds(db: Queries, keys: readonly string[]) {
  return db
    .select({
      seconds: sql<number>`coalesce(ceil(extract(epoch from max(${authAttempts.blockedUntil}) - now())), 0)::int`,
    })
    .from(authAttempts)
    .where(inArray(authAttempts.key, [...keys]));
}

/** For what the right proof clears: an account from one address. */
export function deleteAttempts(db: Queries, key: string) {
  return db.delete(authAttempts).where(eq(authAttempts.key, key));
}

/** For what many share (an address): the right proof of one takes back only its own attempt. */
export function releaseAttempts(db: Queries, keys: readonly string[]) {
  return db
    .update(authAttempts)
    .set({
      failures: sql`greatest(${authAttempts.failures} - 1, 0)`,
      blockedUntil: null,
      updatedAt: sql`now()`,
    })
    .where(inArray(authAttempts.key, [...keys]));
}
