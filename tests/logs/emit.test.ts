/** Events on their way to the queue: together where there are many, at once where there are few, never lost. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createEmitter } from "../../src/logs/emit.ts";
import type { LogMessage } from "../../src/logs/events.ts";
import { truncateEvent } from "../../src/logs/events.ts";
import { requestEvent } from "./support.ts";

function setup(sendBatch: (messages: { body: LogMessage }[]) => Promise<unknown>) {
  const kept: LogMessage[] = [];
  const lost = vi.fn();
  const work: Promise<unknown>[] = [];
  let keeps = true;
  const emitter = createEmitter({
    queue: { sendBatch: (messages) => sendBatch([...messages]) },
    outbox: {
      async add(messages) {
        if (!keeps) throw new Error("no disk");
        kept.push(...messages);
      },
    },
    now: Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    lost,
  });
  return {
    emit: () => emitter.emit([requestEvent(null)], (promise) => work.push(promise)),
    work,
    settled: () => Promise.all(work),
    kept,
    lost,
    breakOutbox() {
      keeps = false;
    },
  };
}

const eventsIn = (messages: readonly { body: LogMessage }[]) =>
  messages.reduce((sum, { body }) => sum + body.events.length, 0);

describe("the emitter", () => {
  it("sends one by itself at once, and many together while a send is under way", async () => {
    const sizes: number[] = [];
    const { emit, settled } = setup(async (messages) => {
      sizes.push(eventsIn(messages));
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    for (let count = 0; count < 250; count += 1) emit();
    await settled();
    expect(sizes).toEqual([1, 249]);
    emit();
    await settled();
    expect(sizes.at(-1)).toBe(1);
  });

  it("fills messages, and never sends more at once than the queue takes", async () => {
    const batches: number[][] = [];
    const { emit, settled } = setup(async (messages) => {
      batches.push(messages.map((message) => JSON.stringify(message).length));
      events += eventsIn(messages);
    });
    let events = 0;
    for (let count = 0; count < 3000; count += 1) emit();
    await settled();
    expect(events).toBe(3000);
    const sizes = batches.flat();
    expect(Math.max(...sizes)).toBeLessThan(64_000);
    expect(sizes.length).toBeLessThan(60);
    const sums = batches.map((batch) => batch.reduce((sum, size) => sum + size, 0));
    expect(Math.max(...sums)).toBeLessThan(256_000);
  });

  it("keeps in the outbox what the queue refuses, and shouts where nothing takes it", async () => {
    const { emit, settled, kept, lost, breakOutbox } = setup(() => Promise.reject(new Error("full")));
    emit();
    await settled();
    expect(kept).toHaveLength(1);
    expect(lost).not.toHaveBeenCalled();
    breakOutbox();
    emit();
    await settled();
    expect(lost).toHaveBeenCalledOnce();
  });

  it("lets no request send for the others for long", async () => {
    vi.useFakeTimers({ now: 0 });
    const { emit, work } = setup(async () => undefined);
    for (let count = 0; count < 100; count += 1) {
      emit();
      await vi.advanceTimersByTimeAsync(50);
    }
    await vi.runAllTimersAsync();
    await Promise.all(work);
    vi.useRealTimers();
    expect(work.length).toBeGreaterThanOrEqual(5);
  });

  it("goes on when the request that was sending is gone with its send", async () => {
    vi.useFakeTimers({ now: 0 });
    const sent: number[] = [];
    const { emit } = setup((messages) => {
      sent.push(eventsIn(messages));
      return new Promise(() => undefined);
    });
    emit();
    emit();
    vi.setSystemTime(11_000);
    emit();
    vi.useRealTimers();
    expect(sent).toEqual([1, 2]);
  });
});

describe("an event that is too large", () => {
  it("is cut with a mark, and goes without its payload where that is not enough", () => {
    const { event: long } = truncateEvent(requestEvent(null, { path: "x".repeat(5000) }));
    expect(long).toMatchObject({ path: expect.stringMatching(/^x{900,}… \[cut\]$/) });
    const { event: huge } = truncateEvent(requestEvent(null, { metadata: { text: "x".repeat(100_000) } }));
    expect(huge).toMatchObject({ metadata: { cut: true } });
    const small = requestEvent(null, { metadata: { text: "x" } });
    expect(truncateEvent(small).event).toEqual(small);
  });

  it("is never larger than its computed size", () => {
    const texts = fc.record({
      path: fc.string({ unit: "binary" }),
      userAgent: fc.string({ unit: "binary" }),
    });
    fc.assert(
      fc.property(texts, fc.dictionary(fc.string(), fc.string({ unit: "binary" })), (more, metadata) => {
        const { event, bytes } = truncateEvent(requestEvent(null, { ...more, metadata }));
        expect(new TextEncoder().encode(JSON.stringify(event)).length).toBeLessThanOrEqual(bytes);
      }),
    );
  });
});
