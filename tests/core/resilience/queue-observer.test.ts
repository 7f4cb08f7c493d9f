import { expect, it } from "vitest";
import { QueueObserver } from "../../../src/core/resilience/queue-observer.ts";

const load = (waiting: number, oldestWaitMs: number, queued: number, rejected: number) => ({
  ...{ waiting, oldestWaitMs, queued, rejected },
});

it("adds the queues of all isolates, and drops what an isolate no longer reports", () => {
  const queues = new QueueObserver();
  queues.observe("s1", "a", load(2, 100, 2, 0), 1000);
  queues.observe("s1", "b", load(3, 50, 3, 1), 1500);
  expect(queues.list(1600)).toEqual([
    { serverId: "s1", depth: 5, oldestWaitMs: 700, queued: 5, rejected: 1, observedAt: 1500 },
  ]);
  expect(queues.list(3200)).toMatchObject([{ depth: 3, oldestWaitMs: 1750 }]);
  expect(queues.list(10_000)).toMatchObject([{ depth: 0, oldestWaitMs: 0, queued: 5, rejected: 1 }]);
});

it("counts what a holder repeats once, and goes on from the totals that were stored", () => {
  const queues = new QueueObserver([["s1", { queued: 7, rejected: 2, observedAt: 0 }]]);
  expect(queues.observe("s1", "a", load(1, 0, 1, 0), 10)).toEqual({ queued: 8, rejected: 2, observedAt: 10 });
  expect(queues.observe("s1", "a", load(1, 0, 1, 0), 20)).toBeUndefined();
  expect(queues.observe("s1", "a", load(0, 0, 2, 3), 30)).toEqual({ queued: 9, rejected: 5, observedAt: 30 });
});

it("lists the deepest first", () => {
  const queues = new QueueObserver();
  queues.observe("s1", "a", load(1, 0, 1, 0), 0);
  queues.observe("s2", "a", load(4, 0, 4, 0), 0);
  expect(queues.list(1).map(({ serverId }) => serverId)).toEqual(["s2", "s1"]);
});
