/**
 * Takes batches from the queue into the database. A batch is written as a whole or comes again; what is no event of ours
 * or can never be written is kept aside, so that one bad message does not hold up the others.
 */
import { storable } from "../core/storable.ts";
import type { Database } from "../db/client.ts";
import { refusalCode } from "../db/errors.ts";
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

interface Known {
  readonly message: Delivered;
  readonly events: readonly LogEvent[];
}

export async function consumeEvents(messages: readonly Delivered[], database: Database): Promise<void> {
  const known: Known[] = [];
  const strange: Delivered[] = [];
  for (const message of messages) {
    const parsed = logMessageSchema.safeParse(storable(message.body));
    if (parsed.success) known.push({ message, events: parsed.data.events });
    else strange.push(message);
  }
  try {
    const refused = await write(known, database);
    if (strange.length > 0) await keep(strange, "is no event that this version knows", database);
    if (refused.length > 0) await keep(refused, "the database does not take it", database);
  } catch {
    // The database is away: all of them come again, later each time. What has been written is written once.
    for (const message of messages) message.retry({ delaySeconds: delayAfter(message.attempts) });
    return;
  }
  for (const message of messages) message.ack();
}

/** All in one go; one by one where there is something among them that can never be written, which is given back. */
async function write(known: readonly Known[], database: Database): Promise<Delivered[]> {
  try {
    await writeEvents(
      database,
      known.flatMap(({ events }) => events),
    );
    return [];
  } catch (error) {
    if (!isUnfit(error)) throw error;
  }
  const refused: Delivered[] = [];
  for (const { message, events } of known) {
    try {
      await writeEvents(database, events);
    } catch (error) {
      if (!isUnfit(error)) throw error;
      refused.push(message);
    }
  }
  return refused;
}

/** Data that does not fit its column (SQLSTATE class 22) or breaks a rule (23) will not do so at the next try either. */
const isUnfit = (error: unknown): boolean => /^2[23]/.test(refusalCode(error) ?? "");

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
  const rows = messages.map(({ id, body }) => ({ messageId: id, body: { body: storable(body) }, reason }));
  await keepDeadLetters(database.asSystem(), rows);
}

function delayAfter(attempts: number): number {
  return Math.min(2 ** Math.min(attempts, 10), LONGEST_DELAY_SECONDS);
}
