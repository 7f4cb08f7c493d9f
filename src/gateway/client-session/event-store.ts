/**
 * A session's messages to its client, as event streams that can be resumed where they broke
 * (Last-Event-ID): every event has an id, and the last ones are kept for a while. Losing a stream is not losing the
 * request whose answer it carries.
 */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { formatEvent } from "../../core/mcp/sse.ts";
import { sendKeepAlive } from "../sse/keep-alive.ts";
import { Notifier } from "../sse/notifier.ts";
import { openStream } from "../sse/relay.ts";
import { EVENT_STREAM_HEADERS } from "../sse/writer.ts";

export interface EventStoreOptions {
  readonly keepAliveMs: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** 2025-11-25: the first event of a stream has an id and no data, so that every stream can be taken up again. */
  readonly primes: boolean;
}

const MAX_EVENTS = 1000;
const MAX_STREAMS = 50;
/** How soon a client should come back to a broken stream. */
const RETRY_MS = 1000;

interface Event {
  readonly seq: number;
  readonly block: string;
}

/** Where messages to the client go. */
export interface Sink {
  send(message: JsonObject): void;
}

export class EventStream implements Sink {
  readonly name: string;
  readonly #notifier = new Notifier();
  #events: Event[] = [];
  #seq = 0;
  #delivered = 0;
  #isFinished = false;
  /** Each attachment takes over from the one before; 0 where there is none. */
  #attachment = 0;
  #attachments = 0;

  constructor(name: string) {
    this.name = name;
  }

  get isAttached(): boolean {
    return this.#attachment > 0;
  }

  /** The number of the last event. */
  get sentCount(): number {
    return this.#seq;
  }

  /** The number of the last event that some connection has taken. */
  get deliveredCount(): number {
    return this.#delivered;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  send(message: JsonObject): void {
    this.append({ event: "message", data: stringifyLossless(message) });
  }

  append(event: { event?: string; data: string }): void {
    this.#seq += 1;
    const seq = this.#seq;
    this.#events.push({ seq, block: formatEvent({ ...event, id: `${this.name}.${seq}` }) });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    this.#notifier.notify();
  }

  finish(): void {
    this.#isFinished = true;
    this.#notifier.notify();
  }

  /** Streams what comes after the event with this number; the answer's headers leave at once. */
  respond(after: number, options: EventStoreOptions): Response {
    const { readable, writer } = openStream();
    this.#attachments += 1;
    this.#attachment = this.#attachments;
    options.waitUntil(this.#write(writer, after, this.#attachment, options).catch(() => undefined));
    return new Response(readable, { headers: EVENT_STREAM_HEADERS });
  }

  async #write(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    after: number,
    attachment: number,
    { keepAliveMs, primes }: EventStoreOptions,
  ): Promise<void> {
    const encoder = new TextEncoder();
    let sent = after;
    try {
      if (primes)
        await writer.write(encoder.encode(`id: ${this.name}.${sent}\nretry: ${RETRY_MS}\ndata:\n\n`));
      while (attachment === this.#attachment) {
        const next = this.#events.filter(({ seq }) => seq > sent);
        for (const { seq, block } of next) {
          await writer.write(encoder.encode(block));
          sent = seq;
          this.#delivered = Math.max(this.#delivered, seq);
        }
        if (this.#isFinished && sent === this.#seq) break;
        if (next.length > 0) continue;
        const timer = waitMs(keepAliveMs);
        const rang = await Promise.race([this.#notifier.wait().then(() => true), timer.up.then(() => false)]);
        timer.clear();
        if (!rang) await sendKeepAlive(writer);
      }
      await writer.close();
    } finally {
      if (attachment === this.#attachment) this.#attachment = 0;
    }
  }
}

export class EventStore {
  readonly #streams = new Map<string, EventStream>();
  /** Ids of another life of this object must not be taken for ours. */
  readonly #life = crypto.randomUUID().slice(0, 8);
  #created = 0;
  readonly general: EventStream;

  constructor() {
    this.general = this.open();
  }

  open(): EventStream {
    this.#created += 1;
    const stream = new EventStream(`${this.#life}.${this.#created}`);
    this.#streams.set(stream.name, stream);
    if (this.#streams.size > MAX_STREAMS) this.#evictOne();
    return stream;
  }

  /** Where a stream with this last event goes on; undefined where it is not known any more. */
  find(lastEventId: string): { stream: EventStream; after: number } | undefined {
    const dot = lastEventId.lastIndexOf(".");
    const stream = this.#streams.get(lastEventId.slice(0, Math.max(dot, 0)));
    const after = Number(lastEventId.slice(dot + 1));
    return stream === undefined || !Number.isSafeInteger(after) || after < 0 ? undefined : { stream, after };
  }

  /** The oldest of the finished ones, and of all only where there are far too many. */
  #evictOne(): void {
    const others = [...this.#streams.values()].filter((stream) => stream !== this.general);
    const oldest =
      others.find(({ isFinished, isAttached }) => isFinished && !isAttached) ??
      (others.length > 4 * MAX_STREAMS ? others[0] : undefined);
    if (oldest !== undefined) this.#streams.delete(oldest.name);
  }

  get isAttached(): boolean {
    return [...this.#streams.values()].some((stream) => stream.isAttached);
  }
}

function waitMs(ms: number): { up: Promise<void>; clear: () => void } {
  const { promise: up, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return {
    up,
    clear() {
      clearTimeout(timer);
      resolve();
    },
  };
}
