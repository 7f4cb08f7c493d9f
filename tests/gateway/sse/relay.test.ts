/** A relayed stream ends, whatever its upstream or its client does. */
import { describe, expect, it } from "vitest";
import { openStream, type RelayEnd, relay } from "../../../src/gateway/sse/relay.ts";

const EVENT = new TextEncoder().encode("data: 1\n\n");

interface Relayed {
  readonly readable: ReadableStream<Uint8Array>;
  readonly ended: Promise<RelayEnd>;
}

function startRelay(
  body: ReadableStream<Uint8Array>,
  times: Partial<Record<"idle" | "total", number>>,
): Relayed {
  const { readable, writer } = openStream();
  const { promise: ended, resolve } = Promise.withResolvers<RelayEnd>();
  void relay(body, writer, {
    keepAliveMs: 20,
    idleTimeoutMs: times.idle ?? 60_000,
    totalTimeoutMs: times.total ?? 60_000,
    finish(reason) {
      resolve(reason);
      return undefined;
    },
    onActivity: () => undefined,
  });
  return { readable, ended };
}

/** Sends an event whenever the relay is ready for one, without end. */
const createEndless = (event: Uint8Array, everyMs: number) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      controller.enqueue(event);
    },
  });

async function readAll(readable: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of readable.pipeThrough(new TextDecoderStream())) text += piece;
  return text;
}

describe("a stream is ended", () => {
  it("after its total time, however active the upstream is", async () => {
    const { readable, ended } = startRelay(createEndless(EVENT, 5), { total: 200 });
    const text = await readAll(readable);
    expect(await ended).toBe("too-long");
    expect(text).toContain("data: 1");
  });

  it("after the idle time, when the upstream sends nothing", async () => {
    const { readable, ended } = startRelay(new ReadableStream(), { idle: 100 });
    const text = await readAll(readable);
    expect(await ended).toBe("silent");
    expect(text).toContain(": keep-alive");
  });

  it("after the idle time, when the client reads nothing", async () => {
    const { ended } = startRelay(createEndless(new Uint8Array(64 * 1024), 0), { idle: 100 });
    expect(await ended).toBe("client-gone");
  });

  it("when the upstream ends it, with all that was sent", async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(EVENT);
        controller.enqueue(EVENT);
        controller.close();
      },
    });
    const { readable, ended } = startRelay(body, {});
    expect(await readAll(readable)).toBe("data: 1\n\ndata: 1\n\n");
    expect(await ended).toBe("ended");
  });
});
