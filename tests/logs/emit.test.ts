/** Events on their way to the queue: together where there are many, at once where there are few, never lost. */
import { describe, expect, it, vi } from "vitest";
import { createEmitter } from "../../src/logs/emit.ts";
import type { LogMessage } from "../../src/logs/events.ts";
import { fit } from "../../src/logs/events.ts";
import { requestEvent } from "./support.ts";

function scene(sendBatch: (messages: { body: LogMessage }[]) => Promise<unknown>) {
  const kept: LogMessage[] = [];
  const lost = vi.fn();
  const work: Promise<unknown>[] = [];
  let keeps = true;
  const emitter = createEmitter({
    queue: { sendBatch: (messages) => sendBatch([...messages]) },
    outbox: {
      async keep(messages) {
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
    settled: () => Promise.all(work),
    kept,
    lost,
    breakOutbox() {
      keeps = false;
    },
  };
}

describe("the emitter", () => {
  it("sends one by itself at once, and many together while a send is under way", async () => {
    const sizes: number[] = [];
    const { emit, settled } = scene(async (messages) => {
      sizes.push(messages.length);
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    for (let count = 0; count < 250; count += 1) emit();
    await settled();
    expect(sizes).toEqual([1, 100, 100, 49]);
    emit();
    await settled();
    expect(sizes.at(-1)).toBe(1);
  });

  it("never sends more at once than the queue takes", async () => {
    const lengths: number[] = [];
    const { emit, settled } = scene(async (messages) => lengths.push(JSON.stringify(messages).length));
    for (let count = 0; count < 1000; count += 1) emit();
    await settled();
    expect(Math.max(...lengths)).toBeLessThan(128_000);
  });

  it("keeps in the outbox what the queue refuses, and shouts where nothing takes it", async () => {
    const { emit, settled, kept, lost, breakOutbox } = scene(() => Promise.reject(new Error("full")));
    emit();
    await settled();
    expect(kept).toHaveLength(1);
    expect(lost).not.toHaveBeenCalled();
    breakOutbox();
    emit();
    await settled();
    expect(lost).toHaveBeenCalledOnce();
  });

  it("goes on when the request that was sending is gone with its send", async () => {
    vi.useFakeTimers({ now: 0 });
    const sent: number[] = [];
    const { emit } = scene((messages) => {
      sent.push(messages.length);
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
    const long = fit(requestEvent(null, { path: "x".repeat(5000) }));
    expect(long).toMatchObject({ path: expect.stringMatching(/^x{900,}… \[cut\]$/) });
    const huge = fit(requestEvent(null, { metadata: { text: "x".repeat(100_000) } }));
    expect(huge).toMatchObject({ metadata: { cut: true } });
    const small = requestEvent(null, { metadata: { text: "x" } });
    expect(fit(small)).toEqual(small);
  });
});
