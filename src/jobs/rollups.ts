/** Every minute: adds up what the logs were given since, and once a day throws away sums that are too fine for their age. */
import { toGatewayError } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import { dropOldRollups, noteFailedRefresh, noteRefresh, rollUp } from "../db/queries/rollups.ts";

const AT_ONCE = 50_000;
/** What is left then, the next tick takes. */
const MOST_ROUNDS = 20;

const DAY_MS = 86_400_000;
const KEEP_MINUTES_MS = 8 * DAY_MS;
const KEEP_HOURS_MS = 400 * DAY_MS;

/** Returns how many events it took. What was logged before it began is in the sums when it ends, however late it came. */
export async function rollUpTraffic(database: Database, now: () => Date): Promise<number> {
  const db = database.asSystem();
  const began = now();
  let taken = 0;
  try {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const [row] = await rollUp(db, AT_ONCE);
      taken += row?.amount ?? 0;
      if ((row?.amount ?? 0) < AT_ONCE) break;
    }
    await noteRefresh(db, { at: began, durationMs: now().getTime() - began.getTime() });
  } catch (thrown) {
    // While the database is away this cannot be noted either; what was thrown says so.
    await noteFailedRefresh(db, toGatewayError(thrown).message).catch(() => undefined);
    throw thrown;
  }
  return taken;
}

export async function dropOldSums(database: Database, now: Date): Promise<void> {
  const db = database.asSystem();
  const [minutes, hours] = dropOldRollups(db, {
    minute: new Date(now.getTime() - KEEP_MINUTES_MS),
    hour: new Date(now.getTime() - KEEP_HOURS_MS),
  });
  await db.batch([minutes, hours]);
}
