/**
 * Takes batches from the queue into the database. A batch is written as a whole or comes again; what is no event of ours
 * is kept aside, so that one bad message does not hold up the others.
 */
import type { Database } from "../db/client.ts";
import { keepDeadLetters } from "../db/queries/dead-letters.ts";
import { type LogEvent, logMessageSchema } from "./events.ts";
import { writeEvents } from "./sinks.ts";

/** The part of a queue's message that this takes. */
export interface Delivered {
  readonly id: string;
  readonly body: unknown;
  readonly attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

const LONGEST_DELAY_SECONDS = 60;

export async function consumeEvents(messages: readonly Delivered[], database: Database): Promise<void> {
  const events: LogEvent[] = [];
  const strange: Delivered[] = [];
  for (const message of messages) {
    const parsed = logMessageSchema.safeParse(message.body);
    if (parsed.success) events.push(...parsed.data.events);
    else strange.push(message);
  }
  try {
    await writeEvents(database, events);
    if (strange.length > 0) await keep(strange, "is no event that this version knows", database);
  } catch {
    // The database is away, or does not want these rows: they come again, later each time.
    for (const message of messages) message.retry({ delaySeconds: delayAfter(message.attempts) });
    return;
  }
  for (const message of messages) message.ack();
}

/** What has been tried too often: kept, and tried again by a job when whatever was wrong has been put right. */
export async function consumeDeadEvents(messages: readonly Delivered[], database: Database): Promise<void> {
  try {
    await keep(messages, "could not be written", database);
  } catch {
    for (const message of messages) message.retry({ delaySeconds: LONGEST_DELAY_SECONDS });
    return;
  }
  for (const message of messages) message.ack();
}

async function keep(messages: readonly Delivered[], reason: string, database: Database): Promise<void> {
  const rows = messages.map(({ id, body }) => ({ messageId: id, body: { body }, reason }));
  await keepDeadLetters(database.asSystem(), rows);
}

function delayAfter(attempts: number): number {
  return Math.min(2 ** Math.min(attempts, 10), LONGEST_DELAY_SECONDS);
}
