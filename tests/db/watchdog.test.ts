import { beforeEach, describe, expect, it, vi } from "vitest";
import { DatabaseUnavailableError } from "../../src/core/errors.ts";
import { DatabaseWatchdog } from "../../src/db/watchdog.ts";

const TIMES = { lateMs: 20, probeMs: 20, recheckMs: 20, pauseMs: 1000, awakeMs: 60_000, wakeMs: 200 };

const hang = () => new Promise<never>(() => {});
const answer = async () => "answer";

let now: number;
let watchdog: DatabaseWatchdog;
const watch = (run: (signal: AbortSignal) => Promise<string>, probe = hang, timeoutMs = 10_000) =>
  watchdog.watch<string>({ run, probe, timeoutMs });

beforeEach(async () => {
  now = 1_000_000;
  watchdog = new DatabaseWatchdog(() => now, TIMES);
});

describe("a database that answers", () => {
  it("returns results and errors unchanged", async () => {
    expect(await watch(answer)).toBe("answer");
    const failure = new Error("syntax error");
    await expect(watch(() => Promise.reject(failure))).rejects.toBe(failure);
  });

  it("leaves a slow query alone as long as a trivial one is answered, up to the client's own limit", async () => {
    await watch(answer);
    const probe = vi.fn(async () => "alive");
    const slow = Promise.withResolvers<string>();
    const watched = watchdog.watch({ run: () => slow.promise, probe, timeoutMs: 10_000 });
    await vi.waitFor(() => expect(probe.mock.calls.length).toBeGreaterThan(2));
    slow.resolve("slow");
    expect(await watched).toBe("slow");

    const endless = watchdog.watch({
      run: hang,
      probe: async () => {
        now += 10_000;
      },
      timeoutMs: 10_000,
    });
    await expect(endless).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(await watch(answer)).toBe("answer");
  });
});

describe("a database that answers nothing", () => {
  it("is unavailable when the trivial query is not answered either, and the query is abandoned", async () => {
    await watch(answer);
    let signal: AbortSignal | undefined;
    const watched = watch((given) => {
      signal = given;
      return hang();
    });
    await expect(watched).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(signal?.aborted).toBe(true);
  });

  it("gets no query before the pause is over, then a trial, and is used when it responds", async () => {
    await watch(answer);
    await expect(watch(hang)).rejects.toBeInstanceOf(DatabaseUnavailableError);
    const asked = vi.fn(hang);
    await expect(watch(asked)).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(asked).not.toHaveBeenCalled();

    now += 1000;
    const probe = vi.fn(hang);
    await expect(watch(asked, probe)).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(probe).not.toHaveBeenCalled();

    now += 1000;
    expect(await watch(answer)).toBe("answer");
    expect(await watch(answer)).toBe("answer");
  });
});

it("gives a database that was not used for long the time to start", async () => {
  const probe = vi.fn(hang);
  const start = () =>
    new Promise<string>((resolve) => setTimeout(() => resolve("started"), 2 * TIMES.lateMs));
  expect(await watch(start, probe)).toBe("started");
  expect(probe).not.toHaveBeenCalled();
});
