/**
 * Event streams on their way to the client. Bytes are passed on as they arrive. While the upstream is silent, comments are
 * written between events: readers ignore them, and a client that has left is noticed by a write that fails.
 */

import { sendKeepAlive } from "./keep-alive.ts";
import { ReadAhead } from "./read-ahead.ts";

export interface RelayOptions {
  /** After this long without an event a comment is sent. */
  readonly keepAliveMs: number;
  /** After this long without a byte from the upstream, or with a client that reads nothing, the stream is ended. */
  readonly idleTimeoutMs: number;
  /** The stream is ended after this long, however active it is. */
  readonly totalTimeoutMs: number;
  /** Aborts the upstream and settles the outcome. Returns the final event for the client, if any. */
  readonly finish: (ended: RelayEnd, fault: unknown) => string | undefined;
  /** Called for every relayed chunk. */
  readonly onActivity: (piece: Uint8Array) => void;
  /** Called repeatedly; the stream ends when it returns false. */
  readonly isPermitted?: () => Promise<boolean>;
}

/**
 * Why a relayed stream is over: the upstream ended it, broke off or fell silent, it lasted too long, or the client left or
 * lost its right.
 */
export type RelayEnd = "ended" | "broken" | "silent" | "too-long" | "client-gone" | "revoked";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The native stream, unlike TransformStream, fails a write after the client has disconnected. */
export function openStream(): {
  readable: ReadableStream<Uint8Array>;
  writer: WritableStreamDefaultWriter<Uint8Array>;
} {
  const { readable, writable } = new IdentityTransformStream();
  return { readable, writer: writable.getWriter() };
}

/** How soon a caller who lost the right to a stream is cut off. */
const POLL_INTERVAL_MS = 1000;

/** Relays a stream. Resolves when it has ended, whichever side ended it. */
export async function relay(
  body: ReadableStream<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  options: RelayOptions,
): Promise<void> {
  const { keepAliveMs, idleTimeoutMs, isPermitted } = options;
  const tickMs = isPermitted === undefined ? keepAliveMs : Math.min(keepAliveMs, POLL_INTERVAL_MS);
  const source = new ReadAhead(body, options.onActivity);
  const client = new ClientWriter(writer);
  const ticks = createTicker(tickMs, () => {
    client.abortIfStuck(idleTimeoutMs);
    source.wake();
  });
  let ended: RelayEnd;
  let fault: unknown;
  try {
    ended = await pump(source, client, ticks, options);
  } catch (error) {
    ended = source.hasBroken ? "broken" : "client-gone";
    fault = error;
  }
  ticks.stop();
  const text = options.finish(ended, fault);
  await closeWriter(writer, text, ended).catch(() => undefined);
}

async function pump(
  source: ReadAhead,
  client: ClientWriter,
  ticks: Ticker,
  { keepAliveMs, idleTimeoutMs, totalTimeoutMs, isPermitted }: RelayOptions,
): Promise<RelayEnd> {
  const startedAt = Date.now();
  let atBoundary = true;
  for (;;) {
    const pieces = source.take();
    if (pieces !== undefined) {
      await client.write(pieces);
      atBoundary = isEventEnd(pieces);
    } else if (source.isEnded) return "ended";
    else {
      await source.waitForData();
    }
    if (!ticks.hasTicked()) continue;
    const now = Date.now();
    if (now - startedAt >= totalTimeoutMs) return "too-long";
    if (now - source.receivedAt >= idleTimeoutMs) return "silent";
    if ((await isPermitted?.()) === false) return "revoked";
    if (!atBoundary || now - client.writtenAt < keepAliveMs || source.hasPieces) continue;
    await sendKeepAlive(client);
  }
}

/** The client's side of the stream. A write waits until the client has read what was written before. */
class ClientWriter {
  writtenAt = Date.now();
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #waitsSince: number | undefined;

  constructor(writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.#writer = writer;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#waitsSince = Date.now();
    await this.#writer.write(bytes);
    this.#waitsSince = undefined;
    this.writtenAt = Date.now();
  }

  /** Fails the pending write of a client that has read nothing for this long: it would hold its server's slot. */
  abortIfStuck(ms: number): void {
    if (this.#waitsSince === undefined || Date.now() - this.#waitsSince < ms) return;
    void this.#writer.abort().catch(() => undefined);
  }
}

interface Ticker {
  hasTicked(): boolean;
  stop(): void;
}

/** One timer for as long as it takes, not one for every piece that goes by. */
function createTicker(ms: number, onTick: () => void): Ticker {
  let hasTickedSince = false;
  const timer = setInterval(() => {
    hasTickedSince = true;
    onTick();
  }, ms);
  return {
    hasTicked() {
      const had = hasTickedSince;
      hasTickedSince = false;
      return had;
    },
    stop: () => clearInterval(timer),
  };
}

async function closeWriter(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  text: string | undefined,
  ended: RelayEnd,
): Promise<void> {
  if (text === undefined && (ended === "broken" || ended === "client-gone")) return writer.abort();
  // A blank line ends the event that the upstream broke off in.
  if (text !== undefined) await writer.write(new TextEncoder().encode(`\n\n${text}`));
  await writer.close();
}

function isEventEnd(piece: Uint8Array): boolean {
  const isLineEnd = (byte: number | undefined) => byte === LINE_FEED || byte === CARRIAGE_RETURN;
  return (
    isLineEnd(piece.at(-1)) &&
    isLineEnd(piece.at(-2)) &&
    !(piece.at(-2) === CARRIAGE_RETURN && piece.at(-1) === LINE_FEED && !isLineEnd(piece.at(-3)))
  );
}
