import { describe, expect, it } from "vitest";
import { IsolateCache } from "../../src/core/cache.ts";

function setUp(limit = 10) {
  const clock = { now: 0 };
  const work: Promise<unknown>[] = [];
  const loads: string[] = [];
  const cache = new IsolateCache<string>(
    { freshMs: 10, staleMs: 20, brokenMs: 100 },
    { now: () => clock.now, limit },
  );
  const get = (key: string, value: string | Error) =>
    cache.get(
      key,
      async () => {
        loads.push(key);
        if (value instanceof Error) throw value;
        return value;
      },
      (promise) => work.push(promise),
    );
  return { cache, clock, work, loads, get };
}

describe("IsolateCache", () => {
  it("lets nobody wait for a load that another request began", async () => {
    const { cache, get } = setUp();
    const hangs = cache.get(
      "k",
      () => new Promise<string>(() => undefined),
      () => undefined,
    );
    expect(await get("k", "own")).toBe("own");
    expect(hangs).toBeInstanceOf(Promise);
  });

  it("refreshes once for all who meet a stale value", async () => {
    const { get, clock, work, loads } = setUp();
    await get("k", "one");
    clock.now = 15;
    expect([get("k", "two"), get("k", "three")]).toEqual(["one", "one"]);
    await Promise.all(work);
    expect(loads).toEqual(["k", "k"]);
    expect(get("k", "four")).toBe("two");
  });

  it("answers at once while fresh, refreshes behind the back while stale, waits when too old", async () => {
    const { get, clock, work } = setUp();
    await get("k", "one");
    clock.now = 9;
    expect(get("k", "two")).toBe("one");
    expect(work).toEqual([]);
    clock.now = 15;
    expect(get("k", "two")).toBe("one");
    await Promise.all(work);
    expect(get("k", "three")).toBe("two");
    clock.now = 200;
    expect(await get("k", "four")).toBe("four");
  });

  it("goes on with the old value while loading fails, but not for ever", async () => {
    const { get, clock } = setUp();
    await get("k", "one");
    clock.now = 99;
    expect(await get("k", new Error("down"))).toBe("one");
    clock.now = 100;
    await expect(get("k", new Error("down"))).rejects.toThrow("down");
    expect(await get("k", "back")).toBe("back");
  });

  it("does not remember a failure", async () => {
    const { get } = setUp();
    await expect(get("k", new Error("down"))).rejects.toThrow("down");
    expect(await get("k", "up")).toBe("up");
  });

  it("drops what was loaded longest ago when it is full, and what it is told to", async () => {
    const { get, cache, loads } = setUp(2);
    for (const key of ["a", "b", "c"]) await get(key, key);
    loads.length = 0;
    await get("a", "a");
    await get("c", "c");
    expect(loads).toEqual(["a"]);
    cache.drop("c");
    await get("c", "c");
    expect(loads).toEqual(["a", "c"]);
  });
});
