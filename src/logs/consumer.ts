/**
 * Takes batches from the queue into the database. A batch comes again until all of it is written; what is no event of
 * ours or can never be written is kept aside, so that one bad event does not hold up the others.
 */
import { toPostgresValue } from "../core/postgres-text.ts";
import type { Database } from "../db/client.ts";
import { insertDeadLetters } from "../db/queries/logs/dead-letters.ts";
import { parseLogMessage } from "./event-schema.ts";
import type { LogEvent } from "./events.ts";
import { writeEvents } from "./sinks.ts";

/** The part of a queue's message that this takes. */
export interface QueueMessage {
  readonly id: string;
  readonly body: unknown;
  readonly attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

const MAX_DELAY_SECONDS = 60;

/** `onWritten` receives what is in the database now. It must not throw. */
export async function consumeEvents(
  messages: readonly QueueMessage[],
  database: Database,
  onWritten: (events: readonly LogEvent[]) => Promise<void> = async () => undefined,
): Promise<void> {
  const read = messages.map(({ id, body }) => {
    const cleaned = toPostgresValue(body);
    return { id, body: cleaned, ...parseLogMessage(cleaned) };
  });
  try {
    const all = read.flatMap(({ known }) => known);
    const refused = new Set(await writeEvents(database, all));
    await saveDeadLetters(
      read.flatMap(({ id, body, known, strange }) => {
        const left = known.filter((event) => refused.has(event));
        if (left.length + strange.length === 0) return [];
        const reason = left.length > 0 ? "the database rejects it" : "unknown event type";
        // Where nothing of it was written it stays as it came.
        return { id, body: left.length === known.length ? body : { events: [...strange, ...left] }, reason };
      }),
      database,
    );
  } catch {
    // The database is away: all of them come again, later each time. What has been written is written once.
    for (const message of messages) message.retry({ delaySeconds: retryDelay(message.attempts) });
    return;
  }
  for (const message of messages) message.ack();
  await onWritten(read.flatMap(({ known }) => known));
}

/** What has been tried too often: kept, and tried again by a job when whatever was wrong has been put right. */
export async function consumeDeadEvents(
  messages: readonly QueueMessage[],
  database: Database,
): Promise<void> {
  try {
    await saveDeadLetters(
      messages.map(({ id, body }) => ({ id, body: toPostgresValue(body), reason: "write failed" })),
      database,
    );
  } catch {
    for (const message of messages) message.retry({ delaySeconds: MAX_DELAY_SECONDS });
    return;
  }
  for (const message of messages) message.ack();
}

interface DeadLetter {
  readonly id: string;
  readonly body: unknown;
  readonly reason: string;
}

async function saveDeadLetters(letters: readonly DeadLetter[], database: Database): Promise<void> {
  if (letters.length === 0) return;
  const rows = letters.map(({ id, body, reason }) => ({ messageId: id, body: { body }, reason }));
  await insertDeadLetters(database.asSystem(), rows);
}

function retryDelay(attempts: number): number {
  return Math.min(2 ** Math.min(attempts, 10), MAX_DELAY_SECONDS);
}
