import { beforeEach, describe, expect, it } from "vitest";
import { createEpochs, type EpochObject, type TenantEpochs } from "../../src/policy/epoch.ts";

let now: number;
let stored: number;
let asked: number;
let isDown: boolean;
let ageMs: number;
let work: Promise<unknown>[];
let epochs: TenantEpochs;

const object: EpochObject = {
  async readEpoch() {
    asked += 1;
    if (isDown) throw new Error("down");
    return { epoch: stored, ageMs };
  },
  async bumpEpoch() {
    if (isDown) throw new Error("down");
    stored += 1;
    return stored;
  },
};
const background = (promise: Promise<unknown>) => void work.push(promise);
const current = () => epochs.current("t1", background);

beforeEach(() => {
  now = 1_000_000;
  [stored, asked, isDown, ageMs, work] = [7, 0, false, 0, []];
  const never = () => new Promise<void>(() => {});
  epochs = createEpochs(() => object, { now: () => now, sleep: never, bumpSystem: async () => 0 });
});

describe("an isolate", () => {
  it("queries the tenant's object once, and then not for 400 ms", async () => {
    expect(await current()).toBe(7);
    now += 399;
    expect(current()).toBe(7);
    expect([asked, work.length]).toEqual([1, 0]);
  });

  it("refreshes in the background from 400 ms on, once, and does not wait", async () => {
    await current();
    stored = 8;
    now += 400;
    expect(current()).toBe(7);
    expect(current()).toBe(7);
    expect(work).toHaveLength(1);
    await Promise.all(work);
    expect(current()).toBe(8);
  });

  it("waits from 900 ms on: its epoch is never older", async () => {
    await current();
    stored = 8;
    now += 900;
    expect(await current()).toBe(8);
  });

  it("sends one query for all simultaneous requests", async () => {
    await current();
    stored = 8;
    now += 5000;
    expect(await Promise.all(Array.from({ length: 20 }, current))).toEqual(Array(20).fill(8));
    expect(asked).toBe(2);
  });

  it("does without when the object fails, and does not wait for it again at once", async () => {
    await current();
    isDown = true;
    now += 900;
    expect(await current()).toBeUndefined();
    now += 999;
    expect(current()).toBeUndefined();
    isDown = false;
    now += 1;
    expect(await current()).toBe(7);
  });

  it("does without when the object does not answer", async () => {
    const silent = { ...object, readEpoch: () => new Promise<never>(() => {}) };
    epochs = createEpochs(() => silent, {
      now: () => now,
      sleep: async () => undefined,
      bumpSystem: async () => 0,
    });
    expect(await current()).toBeUndefined();
  });

  it("has at once what it has raised itself", async () => {
    await current();
    await epochs.bump("t1", background);
    expect(current()).toBe(8);
  });

  it("ignores the older number of a late response", async () => {
    await current();
    now += 400;
    stored = 7;
    current();
    await epochs.bump("t1", background);
    await Promise.all(work);
    expect(current()).toBe(8);
  });

  it("goes on trying to raise what could not be raised, without keeping the caller", async () => {
    let wake = () => {};
    const sleep = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    epochs = createEpochs(() => object, { now: () => now, sleep, bumpSystem: async () => 0 });
    isDown = true;
    await epochs.bump("t1", background);
    expect(stored).toBe(7);
    isDown = false;
    wake();
    await Promise.all(work);
    expect(stored).toBe(8);
  });
});

describe("what was known before a moment", () => {
  it("is nothing before the first answer, and nothing in the millisecond of the answer", async () => {
    expect(epochs.knownBefore("t1", now)).toBeUndefined();
    await current();
    expect(epochs.knownBefore("t1", now)).toBeUndefined();
    expect(epochs.knownBefore("t1", now + 1)).toBe(7);
    expect(epochs.knownBefore("t2", now + 1)).toBeUndefined();
  });

  it("is valid as far back as the object reports no change, and no further after a change", async () => {
    ageMs = 5000;
    await current();
    expect(epochs.knownBefore("t1", now - 4999)).toBe(7);
    expect(epochs.knownBefore("t1", now - 5000)).toBeUndefined();
    // Seen once more, it has been the epoch for as long as before.
    now += 1000;
    epochs.observe("t1", { epoch: 7, ageMs: 0 }, now);
    expect(epochs.knownBefore("t1", now - 5999)).toBe(7);
    epochs.observe("t1", { epoch: 8, ageMs: 0 }, now);
    expect(epochs.knownBefore("t1", now)).toBeUndefined();
    expect(epochs.knownBefore("t1", now + 1)).toBe(8);
  });
});
