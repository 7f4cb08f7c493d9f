/**
 * Sends events to the queue without any request waiting for it. Sends of one isolate take turns, with a short pause
 * between them: whatever was told meanwhile leaves with the next, so idle isolates send at once, and busy ones few large
 * batches. Nothing is lost by the pause, as the request that sends is kept alive until all is sent (`waitUntil`).
 */
import { fit, type LogEvent, type LogMessage, mostBytesOf } from "./events.ts";

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
  readonly sleep: (ms: number) => Promise<void>;
  /** What the isolate itself has to tell from time to time; it leaves with what requests tell. */
  readonly alongside?: () => readonly LogEvent[];
  /** The last resort is the console: better there than nowhere. */
  readonly lost: (messages: readonly LogMessage[], error: unknown) => void;
}

export interface Emitter {
  /** All that one request has to tell, as one message. */
  emit(events: readonly LogEvent[], background: (work: Promise<unknown>) => void): void;
}

/** The queue takes no more at once: so many messages, and 256 KB. */
const MOST_MESSAGES = 100;
const MOST_BYTES = 240_000;
/** Between two sends. */
const GATHER_MS = 25;
/** A send that has not come back by then belongs to a request that is gone; others need not wait for it. */
const PATIENCE_MS = 10_000;

export function createEmitter({ queue, outbox, now, sleep, alongside, lost }: EmitterTools): Emitter {
  let waiting: Waiting[] = [];
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
    if (more.length > 0) waiting.push(fitted(more));
    while (waiting.length > 0) {
      const batch = nextBatch(waiting);
      waiting = waiting.slice(batch.length);
      await send(batch);
      if (waiting.length < MOST_MESSAGES) await sleep(GATHER_MS);
      // Somebody has lost patience and taken over.
      if (sendingSince !== started) return;
    }
    sendingSince = undefined;
  };

  return {
    emit(events, background) {
      if (events.length === 0) return;
      waiting.push(fitted(events));
      const isSending = sendingSince !== undefined && now() - sendingSince < PATIENCE_MS;
      if (!isSending) background(drain());
    },
  };
}

interface Waiting {
  readonly message: LogMessage;
  readonly bytes: number;
}

function fitted(given: readonly LogEvent[]): Waiting {
  const events = given.map(fit);
  return { message: { events }, bytes: events.reduce((sum, event) => sum + mostBytesOf(event), 0) };
}

function nextBatch(waiting: readonly Waiting[]): LogMessage[] {
  const batch: LogMessage[] = [];
  let total = 0;
  for (const { message, bytes } of waiting) {
    total += bytes;
    if (batch.length > 0 && (batch.length === MOST_MESSAGES || total > MOST_BYTES)) break;
    batch.push(message);
  }
  return batch;
}
