/** Waiting for a peer is judged by the time in which the isolate ran. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TimerSet } from "../../src/core/timers.ts";

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** The clock moves on, and timers fire only afterwards, as after a process was stopped. */
function stall(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

describe("alarms", () => {
  it("ring at their time, in any order of setting, unless they are canceled", async () => {
    const timers = new TimerSet();
    const firedTimers: string[] = [];
    timers.set(12_000, () => firedTimers.push("late"));
    timers.set(100, () => firedTimers.push("early"));
    const cancel = timers.set(200, () => firedTimers.push("canceled"));
    cancel();
    await vi.advanceTimersByTimeAsync(99);
    expect(firedTimers).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(firedTimers).toEqual(["early"]);
    await vi.advanceTimersByTimeAsync(11_899);
    expect(firedTimers).toEqual(["early"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(firedTimers).toEqual(["early", "late"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leave no timer behind when they are cleared", () => {
    const timers = new TimerSet();
    timers.set(100, () => undefined);
    timers.limitWait(100, () => undefined);
    timers.clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("time in which the isolate did not run", () => {
  it("does not count against a peer, but ordinary alarms ring at once", async () => {
    const timers = new TimerSet();
    const firedTimers: string[] = [];
    timers.set(40_000, () => firedTimers.push("ordinary"));
    timers.limitWait(60_000, () => firedTimers.push("limit"));
    await vi.advanceTimersByTimeAsync(20_000);
    stall(70_000);
    await vi.advanceTimersByTimeAsync(5000);
    expect(firedTimers).toEqual(["ordinary"]);
    await vi.advanceTimersByTimeAsync(34_999);
    expect(firedTimers).toEqual(["ordinary"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(firedTimers).toEqual(["ordinary", "limit"]);
  });

  it("is measured during a wait, with or without the timer having fired since", async () => {
    for (const afterMs of [0, 5000]) {
      const timers = new TimerSet();
      const { promise, resolve } = Promise.withResolvers<string>();
      const measured = timers.measureStall(promise);
      await vi.advanceTimersByTimeAsync(10_000);
      stall(35_000);
      await vi.advanceTimersByTimeAsync(afterMs);
      resolve("response");
      const { value, stalledMs } = await measured;
      expect(value).toBe("response");
      expect(stalledMs).toBeGreaterThanOrEqual(30_000);
      expect(stalledMs).toBeLessThanOrEqual(35_000);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it("is nothing for a peer that is slow by itself", async () => {
    const timers = new TimerSet();
    const { promise, resolve } = Promise.withResolvers<string>();
    const measured = timers.measureStall(promise);
    await vi.advanceTimersByTimeAsync(31_000);
    resolve("response");
    expect((await measured).stalledMs).toBe(0);
  });

  it("ends a measurement of a wait that fails", async () => {
    const timers = new TimerSet();
    await expect(timers.measureStall(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  });
});
