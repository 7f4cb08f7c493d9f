/** Adds up what the logs were given since the last time, and deletes sums that are too fine for their age. */
import { DAY_MS } from "../core/durations.ts";
import { toGatewayError } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import {
  deleteOldRollups,
  listRollupsDue,
  rollUp,
  saveFailedRefresh,
  saveRefresh,
} from "../db/queries/traffic/rollups.ts";

const BATCH_MINUTES = 50_000;
/** What is left then, the next tick takes. */
const MAX_ROUNDS = 20;

const MINUTE_ROLLUP_TTL_MS = 8 * DAY_MS;
const HOUR_ROLLUP_TTL_MS = 400 * DAY_MS;

/** Fills the sums when their views are due: enabled, not manual, and the interval of one of them is over. */
export async function rollUpTrafficIfDue(database: Database, now: () => Date): Promise<number> {
  const due = await listRollupsDue(database.asSystem(), now());
  return due.length === 0 ? 0 : rollUpTraffic(database, now);
}

/** Returns how many events it took. What was logged before it began is in the sums when it ends, however late it came. */
export async function rollUpTraffic(database: Database, now: () => Date): Promise<number> {
  const db = database.asSystem("write");
  const began = now();
  let taken = 0;
  try {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const [row] = await rollUp(db, BATCH_MINUTES);
      taken += row?.amount ?? 0;
      if ((row?.amount ?? 0) < BATCH_MINUTES) break;
    }
    await saveRefresh(db, { at: began, durationMs: now().getTime() - began.getTime() });
  } catch (thrown) {
    // While the database is unavailable this cannot be saved either; the exception reports it.
    await saveFailedRefresh(db, toGatewayError(thrown).message).catch(() => undefined);
    throw thrown;
  }
  return taken;
}

export async function deleteExpiredRollups(database: Database, now: Date): Promise<void> {
  const db = database.asSystem("write");
  const [minutes, hours] = deleteOldRollups(db, {
    minute: new Date(now.getTime() - MINUTE_ROLLUP_TTL_MS),
    hour: new Date(now.getTime() - HOUR_ROLLUP_TTL_MS),
  });
  await db.batch([minutes, hours]);
}
