import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Epochs, TenantCache } from "../../src/core/tenant-cache.ts";

let now: number;
let epoch: number | undefined;
/** The epoch that the isolate received last, and when. */
let receivedMessages: { epoch: number; at: number } | undefined;
let loads: number;
let work: Promise<unknown>[];
let cache: TenantCache<string>;

const epochs: Epochs = {
  current: () => epoch,
  peek: () => epoch,
  knownBefore: (_, moment) =>
    receivedMessages !== undefined && receivedMessages.at < moment ? receivedMessages.epoch : undefined,
};
const load = async () => {
  loads += 1;
  return { value: `v${loads}`, tenantId: "t1" };
};
const down = async (): Promise<never> => {
  throw new Error("down");
};
const background = (promise: Promise<unknown>) => void work.push(promise);
const get = (
  loader: () => Promise<{ value: string; tenantId: string | undefined }> = load,
  tenant?: string,
) => cache.get("k", loader, background, tenant);

beforeEach(() => {
  now = 1_000_000;
  epoch = 1;
  receivedMessages = undefined;
  loads = 0;
  work = [];
  cache = new TenantCache(epochs, { now: () => now, limit: 3 });
});

describe("while the epoch stays the same", () => {
  it("no query is sent, for the better part of a minute", async () => {
    expect(await get(load, "t1")).toBe("v1");
    now += 44_999;
    expect(await get(load, "t1")).toBe("v1");
    expect(loads).toBe(1);
  });

  it("what is older is renewed in the background, and what is much older at once", async () => {
    await get(load, "t1");
    now += 45_000;
    expect(await get(load, "t1")).toBe("v1");
    await Promise.all(work);
    expect(await get(load, "t1")).toBe("v2");
    now += 60_000;
    expect(await get(load, "t1")).toBe("v3");
  });

  it("a database that is down is not noticed for ten minutes", async () => {
    await get(load, "t1");
    now += 599_999;
    expect(await get(down, "t1")).toBe("v1");
    now += 1;
    await expect(get(down, "t1")).rejects.toThrow("down");
  });
});

describe("when the epoch has changed", () => {
  it("what was known is loaded anew", async () => {
    await get(load, "t1");
    epoch = 2;
    expect(await get(load, "t1")).toBe("v2");
  });

  it("and is not served even while the database is down", async () => {
    await get(load, "t1");
    epoch = 2;
    await expect(get(down, "t1")).rejects.toThrow("down");
  });

  it("a load that began before the change does not pass for one after it", async () => {
    let finish = (_: { value: string; tenantId: string }) => {};
    const slow = get(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
      "t1",
    );
    epoch = 2;
    finish({ value: "old", tenantId: "t1" });
    expect(await slow).toBe("old");
    expect(await get(load, "t1")).toBe("v1");
  });
});

describe("while the epoch cannot be known", () => {
  beforeEach(() => {
    epoch = undefined;
  });

  it("age decides: fresh for half a second, stale for one", async () => {
    expect(await get()).toBe("v1");
    now += 499;
    expect(await get()).toBe("v1");
    expect(work).toHaveLength(0);
    now += 1;
    expect(await get()).toBe("v1");
    await Promise.all(work);
    expect(await get()).toBe("v2");
    now += 1000;
    expect(await get()).toBe("v3");
  });

  it("age counts from when the load began", async () => {
    await get(async () => {
      now += 1000;
      return load();
    });
    expect(await get()).toBe("v2");
  });
});

describe("what was loaded before its tenant was known", () => {
  it("is loaded once more as soon as the epoch is, unless it has been the epoch since before", async () => {
    expect(await get()).toBe("v1");
    receivedMessages = { epoch: 1, at: now };
    expect(await get()).toBe("v2");
    now += 40_000;
    expect(await get()).toBe("v2");
  });

  it("is kept for half a second while nothing is known, and confirmed by an epoch that is older than it", async () => {
    epoch = undefined;
    expect(await get()).toBe("v1");
    now += 400;
    expect(await get()).toBe("v1");
    epoch = 1;
    receivedMessages = { epoch: 1, at: now - 401 };
    now += 10_000;
    expect(await get()).toBe("v1");
    expect(cache.peekFresh("k")).toBe("v1");
    epoch = 2;
    receivedMessages = { epoch: 2, at: now };
    expect(await get()).toBe("v2");
  });

  it("is kept if the epoch was received before the load", async () => {
    receivedMessages = { epoch: 1, at: now - 1 };
    expect(await get()).toBe("v1");
    now += 40_000;
    expect(await get()).toBe("v1");
  });

  it("is not kept if it may have been received after it", async () => {
    receivedMessages = { epoch: 1, at: now };
    await get();
    expect(await get()).toBe("v2");
  });

  it("is cached by age alone if it is no tenant's", async () => {
    const unknownUser = async () => ({ ...(await load()), tenantId: undefined });
    expect(await get(unknownUser)).toBe("v1");
    now += 499;
    expect(await get(unknownUser)).toBe("v1");
    now += 501;
    expect(await get(unknownUser)).toBe("v2");
  });
});

it("drops the longest unused when there is too much", async () => {
  for (const key of ["a", "b", "c", "d"]) await cache.get(key, load, background, "t1");
  expect([..."abcd"].map((key) => cache.peek(key))).toEqual([undefined, "v2", "v3", "v4"]);
});

describe("while the database hangs", () => {
  const hang = () => new Promise<never>(() => {});

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("waits a second for a new value, then serves the old one, and the next callers do not wait", async () => {
    await get(load, "t1");
    now += 60_000;
    const first = get(hang, "t1");
    await vi.advanceTimersByTimeAsync(1000);
    expect(await first).toBe("v1");
    expect(await get(hang, "t1")).toBe("v1");
  });

  it("tries again after five seconds, and keeps what comes late", async () => {
    await get(load, "t1");
    now += 60_000;
    let finish = (_: { value: string; tenantId: string }) => {};
    const first = get(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
      "t1",
    );
    await vi.advanceTimersByTimeAsync(1000);
    expect(await first).toBe("v1");
    finish({ value: "late", tenantId: "t1" });
    await Promise.all(work);
    expect(await get(hang, "t1")).toBe("late");
  });

  it("does not serve the old value when a change is known", async () => {
    await get(load, "t1");
    epoch = 2;
    let isAnswered = false;
    const change = Promise.resolve(get(hang, "t1")).then(() => {
      isAnswered = true;
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(isAnswered).toBe(false);
    expect(change).toBeInstanceOf(Promise);
  });
});
