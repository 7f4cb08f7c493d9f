/**
 * Sends events to the queue without any request waiting for it. Sends of one isolate take turns: whatever was told while
 * one is under way leaves with the next, so busy isolates send few large batches, idle ones send at once, and nothing
 * waits for a timer.
 */
import { fit, type LogEvent, type LogMessage } from "./events.ts";

/** The part of a queue's binding that this takes. */
export interface EventQueue {
  sendBatch(messages: Iterable<{ body: LogMessage }>): Promise<unknown>;
}

/** Where events wait that the queue does not take. */
export interface Outbox {
  keep(messages: LogMessage[]): Promise<void>;
}

export interface EmitterTools {
  readonly queue: EventQueue;
  readonly outbox: Outbox;
  readonly now: () => number;
  /** What the isolate itself has to tell from time to time; it leaves with what requests tell. */
  readonly alongside?: () => readonly LogEvent[];
  /** The last resort is the console: better there than nowhere. */
  readonly lost: (messages: readonly LogMessage[], error: unknown) => void;
}

export interface Emitter {
  /** All that one request has to tell, as one message. */
  emit(events: readonly LogEvent[], background: (work: Promise<unknown>) => void): void;
}

/** The queue takes no more at once. */
const MOST_MESSAGES = 100;
const MOST_CHARACTERS = 100_000;
/** A send that has not come back by then belongs to a request that is gone; others need not wait for it. */
const PATIENCE_MS = 10_000;

export function createEmitter({ queue, outbox, now, alongside, lost }: EmitterTools): Emitter {
  let waiting: LogMessage[] = [];
  let sendingSince: number | undefined;

  const send = async (messages: LogMessage[]) => {
    try {
      await queue.sendBatch(messages.map((body) => ({ body })));
    } catch {
      await outbox.keep(messages).catch((error: unknown) => lost(messages, error));
    }
  };

  const drain = async () => {
    const started = now();
    sendingSince = started;
    const more = alongside?.() ?? [];
    if (more.length > 0) waiting.push({ events: more.map(fit) });
    while (waiting.length > 0) {
      const batch = nextBatch(waiting);
      waiting = waiting.slice(batch.length);
      await send(batch);
      // Somebody has lost patience and taken over.
      if (sendingSince !== started) return;
    }
    sendingSince = undefined;
  };

  return {
    emit(events, background) {
      if (events.length === 0) return;
      waiting.push({ events: events.map(fit) });
      const isSending = sendingSince !== undefined && now() - sendingSince < PATIENCE_MS;
      if (!isSending) background(drain());
    },
  };
}

function nextBatch(waiting: readonly LogMessage[]): LogMessage[] {
  const batch: LogMessage[] = [];
  let length = 0;
  for (const message of waiting) {
    length += JSON.stringify(message).length;
    if (batch.length > 0 && (batch.length === MOST_MESSAGES || length > MOST_CHARACTERS)) break;
    batch.push(message);
  }
  return batch;
}
