/**
 * Sends events to the queue without delaying requests. The sends of one isolate are sequential with a short pause
 * between them: events that arrive during the pause are sent in the next batch, so idle isolates send immediately and
 * busy ones send few large batches. The sending request is kept alive until all events are sent (`waitUntil`); since
 * the runtime ends that after 30 seconds, a later request takes over before.
 */
import { type LogEvent, type LogMessage, type TruncatedEvent, truncateEvent } from "./events.ts";

/** The part of a queue's binding that this takes. */
export interface EventQueue {
  sendBatch(messages: Iterable<{ body: LogMessage }>): Promise<unknown>;
}

/** Where events wait that the queue does not take. */
export interface Outbox {
  add(messages: LogMessage[]): Promise<void>;
}

/** A queue that survives its process, for where the real one is in memory (development). */
export function outboxQueue(outbox: Outbox): EventQueue {
  return { sendBatch: (messages) => outbox.add(Array.from(messages, ({ body }) => body)) };
}

export interface EmitterDeps {
  readonly queue: EventQueue;
  readonly outbox: Outbox;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** The isolate's own events, which are sent with those of requests. */
  readonly alongside?: () => readonly LogEvent[];
  /** Receivers of events beside the queue (observers.ts). */
  readonly observers?: readonly Observer[];
  /** The last resort is the console: better there than nowhere. */
  readonly lost: (messages: readonly LogMessage[], error: unknown) => void;
}

export interface Emitter {
  /** All events of one request. */
  emit(events: readonly LogEvent[], background: (work: Promise<unknown>) => void): void;
}

/** Receives what leaves for the queue, as it leaves. */
export type Observer = (event: LogEvent) => void;

/** Queues count (and bill) by messages of 64 KB: what leaves together shares them. */
const MAX_MESSAGE_BYTES = 60_000;
/** The queue takes 256 KB at once. */
const MAX_BATCH_BYTES = 240_000;
/** Between two sends. */
const BATCH_DELAY_MS = 25;
/** So long one request sends for the others; one that is gone with its send is waited for no longer either. */
const YIELD_MS = 1000;

export function createEmitter({
  queue,
  outbox,
  now,
  sleep,
  alongside,
  observers = [],
  lost,
}: EmitterDeps): Emitter {
  let waiting: TruncatedEvent[] = [];
  let sendingSince: number | undefined;

  const send = async (messages: LogMessage[]) => {
    try {
      await queue.sendBatch(messages.map((body) => ({ body })));
    } catch {
      await outbox.add(messages).catch((error: unknown) => lost(messages, error));
    }
  };

  const drain = async () => {
    const started = now();
    sendingSince = started;
    for (const event of alongside?.() ?? []) waiting.push(truncateEvent(event));
    while (waiting.length > 0) {
      const { messages, rest } = pack(waiting);
      waiting = rest;
      await send(messages);
      if (rest.length === 0) await sleep(BATCH_DELAY_MS);
      // Another request has taken over.
      if (sendingSince !== started) return;
    }
    sendingSince = undefined;
  };

  return {
    emit(events, background) {
      if (events.length === 0) return;
      for (const event of events) {
        const truncated = truncateEvent(event);
        waiting.push(truncated);
        for (const observe of observers) observe(truncated.event);
      }
      const isSending = sendingSince !== undefined && now() - sendingSince < YIELD_MS;
      if (!isSending) background(drain());
    },
  };
}

/** As many messages as the queue takes at once, each as full as may be. */
function pack(waiting: readonly TruncatedEvent[]): { messages: LogMessage[]; rest: TruncatedEvent[] } {
  const messages: LogMessage[] = [];
  let events: LogEvent[] = [];
  let size = 0;
  let total = 0;
  let packed = 0;
  for (const { event, bytes } of waiting) {
    total += bytes;
    if (packed > 0 && total > MAX_BATCH_BYTES) break;
    size += bytes;
    if (events.length > 0 && size > MAX_MESSAGE_BYTES) {
      messages.push({ events });
      events = [];
      size = bytes;
    }
    events.push(event);
    packed += 1;
  }
  messages.push({ events });
  return { messages, rest: waiting.slice(packed) };
}
