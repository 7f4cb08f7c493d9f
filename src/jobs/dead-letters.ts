/** Tries again to write the events that could not be written when they came. */
import type { Database } from "../db/client.ts";
import { countAttempts, deleteDeadLetters, listDeadLetters } from "../db/queries/logs/dead-letters.ts";
import { parseLogMessage } from "../logs/event-schema.ts";
import { writeEvents } from "../logs/sinks.ts";

const BATCH_SIZE = 100;

/** Returns how many were written. Each by itself: one that the database will never take must not hold up the rest. */
export async function replayDeadLetters(database: Database): Promise<number> {
  const db = database.asSystem();
  const letters = await listDeadLetters(db, BATCH_SIZE);
  const written: string[] = [];
  const failed: string[] = [];
  for (const { id, body } of letters) {
    const { known, strange } = parseLogMessage(body.body);
    const refused = await writeEvents(database, known).catch(() => known);
    const isWritten = strange.length === 0 && refused.length === 0;
    (isWritten ? written : failed).push(id);
  }
  if (written.length > 0) await deleteDeadLetters(db, written);
  if (failed.length > 0) await countAttempts(db, failed);
  return written.length;
}
