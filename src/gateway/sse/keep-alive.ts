/** Comments in a silent event stream. They keep connections open, and show whether the client is still there. */
import { withTimeout } from "../../core/timers.ts";

type Writer = WritableStreamDefaultWriter<Uint8Array>;

const KEEP_ALIVE = new TextEncoder().encode(": keep-alive\n\n");

/**
 * The first write to a client that has left succeeds: its network stack answers it with a reset, and only the next write
 * fails. A proxy on the way, as `wrangler dev` has one, takes one more.
 */
const WRITES = 3;
const PAUSE_MS = 50;

/** Fails when the client has left. */
export async function sendKeepAlive(writer: Pick<Writer, "write">): Promise<void> {
  for (let written = 1; ; written += 1) {
    await writer.write(KEEP_ALIVE);
    if (written === WRITES) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Keeps the stream alive while waiting for a result. Fails if the client has disconnected. */
export async function keepAliveUntil<T>(
  pending: Promise<T>,
  writer: Writer,
  keepAliveMs: number,
): Promise<T> {
  const settled = pending.then((value) => ({ value }));
  // The headers leave with the first byte.
  await writer.write(KEEP_ALIVE);
  for (;;) {
    const result = await withTimeout(settled, keepAliveMs);
    if (result !== undefined) return result.value;
    await sendKeepAlive(writer);
  }
}
