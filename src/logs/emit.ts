/**
 * Sends events to the queue without any request waiting for it. Sends of one isolate take turns, with a short pause
 * between them: whatever was told meanwhile leaves with the next, so idle isolates send at once, and busy ones few large
 * batches. Nothing is lost by the pause, as the request that sends is kept alive until all is sent (`waitUntil`); and as
 * the runtime keeps nobody alive for more than half a minute, the next request takes over long before.
 */
import { type Fitted, fit, type LogEvent, type LogMessage } from "./events.ts";

/** The part of a queue's binding that this takes. */
export interface EventQueue {
  sendBatch(messages: Iterable<{ body: LogMessage }>): Promise<unknown>;
}

/** Where events wait that the queue does not take. */
export interface Outbox {
  keep(messages: LogMessage[]): Promise<void>;
}

/** A queue that survives its process, for where the real one is in memory (development). */
export function throughOutbox(outbox: Outbox): EventQueue {
  return { sendBatch: (messages) => outbox.keep(Array.from(messages, ({ body }) => body)) };
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
  /** All that one request has to tell. */
  emit(events: readonly LogEvent[], background: (work: Promise<unknown>) => void): void;
}

/** Queues count (and bill) by messages of 64 KB: what leaves together shares them. */
const MOST_BYTES_OF_MESSAGE = 60_000;
/** The queue takes 256 KB at once. */
const MOST_BYTES = 240_000;
/** Between two sends. */
const GATHER_MS = 25;
/** So long one request sends for the others; one that is gone with its send is waited for no longer either. */
const TURN_MS = 1000;

export function createEmitter({ queue, outbox, now, sleep, alongside, lost }: EmitterTools): Emitter {
  let waiting: Fitted[] = [];
  let sendingSince: number | undefined;

  const tell = (events: readonly LogEvent[]) => {
    for (const event of events) waiting.push(fit(event));
  };

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
    tell(alongside?.() ?? []);
    while (waiting.length > 0) {
      const { messages, rest } = pack(waiting);
      waiting = rest;
      await send(messages);
      if (rest.length === 0) await sleep(GATHER_MS);
      // Somebody has taken over.
      if (sendingSince !== started) return;
    }
    sendingSince = undefined;
  };

  return {
    emit(events, background) {
      if (events.length === 0) return;
      tell(events);
      const isSending = sendingSince !== undefined && now() - sendingSince < TURN_MS;
      if (!isSending) background(drain());
    },
  };
}

/** As many messages as the queue takes at once, each as full as may be. */
function pack(waiting: readonly Fitted[]): { messages: LogMessage[]; rest: Fitted[] } {
  const messages: LogMessage[] = [];
  let events: LogEvent[] = [];
  let size = 0;
  let total = 0;
  let packed = 0;
  for (const { event, bytes } of waiting) {
    total += bytes;
    if (packed > 0 && total > MOST_BYTES) break;
    size += bytes;
    if (events.length > 0 && size > MOST_BYTES_OF_MESSAGE) {
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
