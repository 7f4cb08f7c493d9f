/** Events that could not be written (system role: only operators see them until they can be parsed). */
import { asc, inArray, sql } from "drizzle-orm";
import { deadLetters } from "../../schema/event-tables.ts";
import { clampLimit } from "../shared/keyset.ts";
import type { Queries } from "../shared/queries.ts";

export function insertDeadLetters(db: Queries, letters: (typeof deadLetters.$inferInsert)[]) {
  return db.insert(deadLetters).values(letters).onConflictDoNothing();
}

/** Those that have been tried least come first. */
export function listDeadLetters(db: Queries, limit: number) {
  return db
    .select({ id: deadLetters.id, body: deadLetters.body })
    .from(deadLetters)
    .orderBy(asc(deadLetters.attempts), asc(deadLetters.createdAt))
    .limit(clampLimit(limit));
}

export function countAttempts(db: Queries, ids: string[]) {
  return db
    .update(deadLetters)
    .set({ attempts: sql`${deadLetters.attempts} + 1` })
    .where(inArray(deadLetters.id, ids));
}

export function deleteDeadLetters(db: Queries, ids: string[]) {
  return db.delete(deadLetters).where(inArray(deadLetters.id, ids));
}
