/** An event stream that the gateway itself writes messages to, kept alive and ended when the caller leaves. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { stringifyLossless } from "../../core/mcp/lossless-json.ts";
import { formatEvent } from "../../core/mcp/sse.ts";
import { sendKeepAlive } from "./keep-alive.ts";
import { openStream } from "./relay.ts";

export interface MessageWriter {
  /** Fails after the client has disconnected. */
  write(message: JsonObject): Promise<void>;
  /** For so long, or until the caller is found to be gone, which fails. */
  idle(ms: number): Promise<void>;
}

export const EVENT_STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

export interface MessageStreamOptions {
  readonly keepAliveMs: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** Opens a stream that ends when `work` has settled. */
export function createMessageStream(
  context: MessageStreamOptions,
  work: (writer: MessageWriter) => Promise<void>,
): Response {
  const { readable, writer } = openStream();
  const encoder = new TextEncoder();
  let lastWrite = Date.now();
  const put = async (bytes: Uint8Array) => {
    lastWrite = Date.now();
    await writer.write(bytes);
  };
  const messages: MessageWriter = {
    write: (message) =>
      put(encoder.encode(formatEvent({ event: "message", data: stringifyLossless(message) }))),
    async idle(ms) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (Date.now() - lastWrite >= context.keepAliveMs) await sendKeepAlive({ write: put });
    },
  };
  const done = work(messages).then(
    () => writer.close(),
    () => writer.abort(),
  );
  context.waitUntil(done.catch(() => undefined));
  return new Response(readable, { headers: EVENT_STREAM_HEADERS });
}
