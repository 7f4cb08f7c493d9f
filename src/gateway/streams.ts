/**
 * Event streams on their way to the caller. Bytes go on as they come; where the upstream is silent a comment is put
 * between two events from time to time (the standard makes readers pass over it). It keeps connections open on the way
 * and is how a caller that went away is noticed: workerd tells of it only when something is written to them.
 */
import { within } from "../core/waiting.ts";

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
  const reader = body.getReader();
  const patience = isPermitted === undefined ? keepAliveMs : Math.min(keepAliveMs, LOOK_MS);
  try {
    let silent = 0;
    let unsaid = 0;
    let atBoundary = true;
    let next = reader.read();
    for (;;) {
      const piece = await within(next, patience);
      if (piece === undefined) {
        silent += patience;
        unsaid += patience;
        if (silent >= silenceMs || (await isPermitted?.()) === false) break;
        if (!atBoundary || unsaid < keepAliveMs) continue;
        await writer.write(KEEP_ALIVE);
        unsaid = 0;
        continue;
      }
      if (piece.done) break;
      silent = 0;
      unsaid = 0;
      heard(piece.value);
      await writer.write(piece.value);
      atBoundary = endsEvent(piece.value);
      next = reader.read();
    }
    await writer.close();
  } catch {
    await sayGoodbye(writer, lastWords()).catch(() => undefined);
  } finally {
    hangUp();
  }
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
