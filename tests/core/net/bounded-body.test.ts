import { describe, expect, it } from "vitest";
import { BodyLimitError, readBoundedBytes, readBoundedText } from "../../../src/core/net/bounded-body.ts";

const KIB = 1024;

/** Endless: as much as is read of it. Counts what was read, and records its cancelation. */
function endless(piece: Uint8Array = new Uint8Array(KIB), pause?: () => Promise<void>) {
  const source = { taken: 0, isCanceled: false };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await pause?.();
      source.taken += piece.length;
      controller.enqueue(piece);
    },
    cancel() {
      source.isCanceled = true;
    },
  });
  return { source, body };
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const faultOf = (read: Promise<unknown>) =>
  read.then(
    () => "none",
    (error: unknown) => (error instanceof BodyLimitError ? error.fault : error),
  );

describe("a bounded body", () => {
  it("reads what is within the limits, to the last byte", async () => {
    const text = "a".repeat(100_000);
    expect(await readBoundedText(new Response(text).body, { maxBytes: 100_000 })).toBe(text);
    expect(await readBoundedBytes(null, { maxBytes: 1 })).toEqual(new Uint8Array());
  });

  it("stops reading an endless body at the limit and cancels it", async () => {
    const { source, body } = endless();
    expect(await faultOf(readBoundedBytes(body, { maxBytes: 64 * KIB }))).toBe("too_large");
    expect(source.taken).toBeLessThanOrEqual(70 * KIB);
    await expect.poll(() => source.isCanceled).toBe(true);
  });

  it("stops reading a compressed bomb at the limit of the decompressed bytes", async () => {
    const packed = new Response(new Uint8Array(32 * KIB * KIB)).body?.pipeThrough(
      new CompressionStream("gzip"),
    );
    const bomb = await new Response(packed).arrayBuffer();
    expect(bomb.byteLength).toBeLessThan(64 * KIB);
    const unpacked = new Response(bomb).body?.pipeThrough(new DecompressionStream("gzip")) ?? null;
    expect(await faultOf(readBoundedBytes(unpacked, { maxBytes: 64 * KIB }))).toBe("too_large");
  });

  it("fails a body that falls silent", async () => {
    const { body } = endless(new Uint8Array(1), () => new Promise(() => {}));
    expect(await faultOf(readBoundedBytes(body, { maxBytes: KIB, idleMs: 20 }))).toBe("idle");
  });

  it("fails a body that drips for longer than the total time", async () => {
    const { body } = endless(new Uint8Array(1), () => after(5));
    expect(await faultOf(readBoundedBytes(body, { maxBytes: KIB, idleMs: 10_000, totalMs: 60 }))).toBe(
      "too_slow",
    );
  });

  it("fails a body whose reader is aborted", async () => {
    const { body } = endless(new Uint8Array(1), () => new Promise(() => {}));
    const abort = new AbortController();
    const read = faultOf(readBoundedBytes(body, { maxBytes: KIB, signal: abort.signal }));
    abort.abort();
    expect(await read).toBe("aborted");
  });
});
