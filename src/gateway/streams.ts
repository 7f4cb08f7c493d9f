/**
 * Event streams on their way to the caller. Bytes go on as they come; where the upstream is silent a comment is put
 * between two events from time to time (the standard makes readers pass over it). It keeps connections open on the way
 * and is how a caller that went away is noticed: workerd tells of it only when something is written to them.
 */

import { within } from "../core/waiting.ts";
import { ReadAhead } from "./read-ahead.ts";

export interface RelayOptions {
  /** After this long without an event a comment is sent. */
  readonly keepAliveMs: number;
  /** After this long without a byte from the upstream the stream is ended. */
  readonly silenceMs: number;
  /** Lets go of the upstream; the last thing that happens. */
  readonly hangUp: () => void;
  /** Told of every piece that goes by. */
  readonly heard: (piece: Uint8Array) => void;
  /** What the caller is still told when the upstream breaks off. */
  readonly lastWords: () => string | undefined;
  /** Asked from time to time; where it says no, the stream ends. */
  readonly isPermitted?: () => Promise<boolean>;
}

export const KEEP_ALIVE = new TextEncoder().encode(": keep-alive\n\n");
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The native stream, unlike TransformStream, fails a write to a caller who is gone. */
export function openStream(): {
  readable: ReadableStream<Uint8Array>;
  writer: WritableStreamDefaultWriter<Uint8Array>;
} {
  const { readable, writable } = new IdentityTransformStream();
  return { readable, writer: writable.getWriter() };
}

/** How soon a caller who lost the right to a stream is cut off. */
const LOOK_MS = 1000;

/** Resolves when the stream is over, whoever ended it. */
export async function relay(
  body: ReadableStream<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  { keepAliveMs, silenceMs, hangUp, heard, lastWords, isPermitted }: RelayOptions,
): Promise<void> {
  const tickMs = isPermitted === undefined ? keepAliveMs : Math.min(keepAliveMs, LOOK_MS);
  const source = new ReadAhead(body, heard);
  const ticks = every(tickMs, () => source.wake());
  try {
    let saidAt = Date.now();
    let atBoundary = true;
    for (;;) {
      const pieces = source.take();
      if (pieces !== undefined) {
        await writer.write(pieces);
        saidAt = Date.now();
        atBoundary = endsEvent(pieces);
      } else if (source.isOver) break;
      else {
        await source.something();
      }
      if (!ticks.hasRung()) continue;
      const now = Date.now();
      if (now - source.heardAt >= silenceMs || (await isPermitted?.()) === false) break;
      if (!atBoundary || now - saidAt < keepAliveMs || source.hasPieces) continue;
      await writer.write(KEEP_ALIVE);
      saidAt = Date.now();
    }
    await writer.close();
  } catch {
    await sayGoodbye(writer, lastWords()).catch(() => undefined);
  } finally {
    ticks.stop();
    hangUp();
  }
}

/** One timer for as long as it takes, not one for every piece that goes by. */
function every(ms: number, ring: () => void): { hasRung(): boolean; stop(): void } {
  let rung = false;
  const timer = setInterval(() => {
    rung = true;
    ring();
  }, ms);
  return {
    hasRung() {
      const had = rung;
      rung = false;
      return had;
    },
    stop: () => clearInterval(timer),
  };
}

/** One of the two sides is gone. */
async function sayGoodbye(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  text: string | undefined,
): Promise<void> {
  if (text === undefined) return writer.abort();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

/** Waits for something with comments, which fail once the caller is gone. */
export async function keepAliveUntil<T>(
  pending: Promise<T>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  keepAliveMs: number,
): Promise<T> {
  for (;;) {
    await writer.write(KEEP_ALIVE);
    const settled = await within(
      pending.then((value) => ({ value })),
      keepAliveMs,
    );
    if (settled !== undefined) return settled.value;
  }
}

function endsEvent(piece: Uint8Array): boolean {
  const isLineEnd = (byte: number | undefined) => byte === LINE_FEED || byte === CARRIAGE_RETURN;
  return (
    isLineEnd(piece.at(-1)) &&
    isLineEnd(piece.at(-2)) &&
    !(piece.at(-2) === CARRIAGE_RETURN && piece.at(-1) === LINE_FEED && !isLineEnd(piece.at(-3)))
  );
}
