/** Tokens of deleted accounts that are to be revoked (system role). */
import { eq, inArray, lt, or, sql } from "drizzle-orm";
import { DAY_MS } from "../../../core/durations.ts";
import { accountRevocations } from "../../schema/connected-accounts.ts";
import type { Queries } from "../shared/queries.ts";

const MAX_ATTEMPTS = 5;

/** Takes what is due. Each is due again later, each time after a longer wait, unless it is deleted. */
export function claimRevocations(db: Queries, limit: number) {
  const { id, serverId, userId, origin, sealed, attempts, dueAt } = accountRevocations;
  const due = sql`(select ${id} from ${accountRevocations} where ${dueAt} <= now() order by ${dueAt} limit ${limit} for update skip locked)`;
  return db
    .update(accountRevocations)
    .set({ attempts: sql`${attempts} + 1`, dueAt: sql`now() + power(4, ${attempts}) * interval '1 minute'` })
    .where(inArray(id, due))
    .returning({ id, serverId, userId, origin, sealed });
}

export function deleteRevocation(db: Queries, id: string) {
  return db.delete(accountRevocations).where(eq(accountRevocations.id, id));
}

/** No token is kept for a server that does not answer. */
export function deleteAbandonedRevocations(db: Queries, now: Date) {
  const { attempts, createdAt } = accountRevocations;
  return db
    .delete(accountRevocations)
    .where(or(sql`${attempts} >= ${MAX_ATTEMPTS}`, lt(createdAt, new Date(now.getTime() - DAY_MS))));
}
