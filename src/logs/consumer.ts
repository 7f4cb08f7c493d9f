/**
 * Takes batches from the queue into the database. A batch comes again until all of it is written; what is no event of
 * ours or can never be written is kept aside, so that one bad event does not hold up the others.
 */
import { storable } from "../core/storable.ts";
import type { Database } from "../db/client.ts";
import { keepDeadLetters } from "../db/queries/dead-letters.ts";
import { readMessage } from "./events.ts";
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
  const read = messages.map((message) => ({ message, ...readMessage(storable(message.body)) }));
  try {
    const refused = new Set<unknown>(
      await writeEvents(
        database,
        read.flatMap(({ known }) => known),
      ),
    );
    for (const { message, known, strange } of read) {
      const left = known.filter((event) => refused.has(event));
      const reason =
        left.length > 0 ? "the database does not take it" : "is no event that this version knows";
      const rest = [...strange, ...left];
      if (rest.length > 0) await keep([{ id: message.id, body: { events: rest } }], reason, database);
    }
  } catch {
    // The database is away: all of them come again, later each time. What has been written is written once.
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

async function keep(
  messages: readonly Pick<Delivered, "id" | "body">[],
  reason: string,
  database: Database,
): Promise<void> {
  const rows = messages.map(({ id, body }) => ({ messageId: id, body: { body: storable(body) }, reason }));
  await keepDeadLetters(database.asSystem(), rows);
}

function delayAfter(attempts: number): number {
  return Math.min(2 ** Math.min(attempts, 10), LONGEST_DELAY_SECONDS);
}
