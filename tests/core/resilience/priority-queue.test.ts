import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cancelEntry,
  complete,
  dispatchNext,
  EMPTY_QUEUE,
  type EnqueueResult,
  enqueue,
  PRIORITY_CLASSES,
  type PriorityQueue,
  type QueueEntry,
  type QueueTerms,
} from "../../../src/core/resilience/priority-queue.ts";

const terms: QueueTerms = { concurrency: 1, maxSize: 3 };
const one = (id: string, over: Partial<QueueEntry> = {}): QueueEntry => ({
  id,
  priority: "user",
  caller: id.charAt(0),
  deadline: 10_000,
  ...over,
});

/** All come while one runs; in which order they start. */
function orderOf(arrivals: readonly QueueEntry[], own: QueueTerms = { ...terms, maxSize: 100 }): string[] {
  let queue = enqueue(EMPTY_QUEUE, one("running"), own, 0).queue;
  for (const arrival of arrivals) queue = enqueue(queue, arrival, own, 0).queue;
  const order: string[] = [];
  for (let next = complete(queue, 1, own, 1); next.started.length > 0; ) {
    order.push(...next.started);
    next = complete(next.queue, 1, own, 1);
  }
  return order;
}

function filled(own: QueueTerms = terms, ...arrivals: QueueEntry[]): PriorityQueue {
  return arrivals.reduce(
    (queue, arrival) => enqueue(queue, arrival, own, 0).queue,
    enqueue(EMPTY_QUEUE, one("r"), own, 0).queue,
  );
}

describe("a server that takes one call at a time", () => {
  it("starts the first and lets the others wait", () => {
    const first = enqueue(EMPTY_QUEUE, one("a"), terms, 0);
    expect(first.kind).toBe("start");
    expect(enqueue(first.queue, one("b"), terms, 0)).toMatchObject({ kind: "wait", position: 0 });
  });

  it("serves classes by rank, whenever they came", () => {
    const order = orderOf([
      one("1", { priority: "anonymous" }),
      one("2", { priority: "user" }),
      one("3", { priority: "service" }),
      one("4", { priority: "admin" }),
    ]);
    expect(order).toEqual(["4", "3", "2", "1"]);
  });

  it("lets callers of one class take turns", () => {
    expect(orderOf(["a1", "a2", "a3", "a4", "b1", "c1", "c2"].map((id) => one(id)))).toEqual([
      "a1",
      "b1",
      "c1",
      "a2",
      "c2",
      "a3",
      "a4",
    ]);
  });

  it("answers at once when the line is full, with a time to come again", () => {
    const queue = filled(terms, one("a"), one("b"), one("c"));
    expect(enqueue(queue, one("d"), terms, 0)).toMatchObject({ kind: "full", retryAfterMs: 1000 });
  });

  it("derives the time to retry from recent durations", () => {
    let queue = filled(terms, one("a"), one("b"), one("c"));
    queue = complete(queue, 4000, terms, 4000).queue;
    queue = enqueue(queue, one("d"), terms, 4000).queue;
    expect(enqueue(queue, one("e"), terms, 4000)).toMatchObject({ kind: "full", retryAfterMs: 16_000 });
  });

  it("lets a higher class take the place of the last of the lowest", () => {
    const queue = filled(terms, one("a"), one("b", { priority: "anonymous" }), one("c"));
    expect(enqueue(queue, one("d", { priority: "admin" }), terms, 0)).toMatchObject({
      kind: "wait",
      position: 0,
      displaced: "b",
    });
  });

  it("rejects calls without time to wait, and all calls without a queue", () => {
    expect(enqueue(filled(), one("a", { deadline: 0 }), terms, 0).kind).toBe("full");
    expect(enqueue(filled({ ...terms, maxSize: 0 }), one("a"), { ...terms, maxSize: 0 }, 0).kind).toBe(
      "full",
    );
  });

  it("lets no call wait beyond its deadline", () => {
    const queue = filled(terms, one("a", { deadline: 500 }), one("b"));
    expect(dispatchNext(queue, terms, 499)).toMatchObject({ started: [], expired: [] });
    expect(dispatchNext(queue, terms, 500)).toMatchObject({ started: [], expired: ["a"] });
  });

  it("removes canceled calls, waiting or running", () => {
    const queue = filled(terms, one("a"), one("b"));
    const without = cancelEntry(queue, "a", terms, 1);
    expect(without.started).toEqual([]);
    expect(complete(without.queue, 1, terms, 1).started).toEqual(["b"]);
  });

  it("starts more when it may", () => {
    expect(
      dispatchNext(filled(terms, one("a"), one("b"), one("c")), { concurrency: 3, maxSize: 3 }, 1).started,
    ).toEqual(["a", "b"]);
  });
});

describe("a line, whatever happens,", () => {
  const act = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("enter" as const),
        priority: fc.constantFrom(...PRIORITY_CLASSES),
        caller: fc.constantFrom("a", "b", "c"),
        timeouts: fc.nat(3000),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("leave" as const), which: fc.nat(30) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(1500) }) },
  );

  it("answers each call once, keeps its bounds, and leaves no slot free while a call waits", () => {
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 120 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(6),
        (acts, concurrency, maxSize) => {
          const own = { concurrency, maxSize };
          let queue = EMPTY_QUEUE;
          let now = 0;
          const answers = new Map<string, string[]>();
          const tell = (id: string, answer: string) => answers.set(id, [...(answers.get(id) ?? []), answer]);
          for (const [number, next] of acts.entries()) {
            let result: EnqueueResult | ReturnType<typeof dispatchNext>;
            if (next.do === "wait") {
              now += next.ms;
              result = dispatchNext(queue, own, now);
            } else if (next.do === "leave") {
              const which = next.which % Math.max(1, queue.running + queue.waiting.length);
              const leaving = queue.waiting[which - queue.running];
              if (leaving !== undefined) tell(leaving.id, "cancelled");
              if (leaving !== undefined) result = cancelEntry(queue, leaving.id, own, now);
              else if (queue.running > 0) result = complete(queue, 1, own, now);
              else result = dispatchNext(queue, own, now);
            } else {
              const id = `${next.caller}${number}`;
              const entered = enqueue(
                queue,
                { id, priority: next.priority, caller: next.caller, deadline: now + next.timeouts },
                own,
                now,
              );
              if (entered.kind === "start") tell(id, "started");
              if (entered.kind === "full") tell(id, "full");
              if (entered.kind === "wait" && entered.displaced !== undefined)
                tell(entered.displaced, "displaced");
              result = entered;
            }
            for (const id of result.started) tell(id, "started");
            for (const id of result.expired) tell(id, "expired");
            queue = result.queue;
            expect(queue.running).toBeLessThanOrEqual(concurrency);
            expect(queue.waiting.length).toBeLessThanOrEqual(maxSize);
            if (queue.waiting.length > 0) expect(queue.running).toBe(concurrency);
            const ranks = queue.waiting.map(({ priority }) => PRIORITY_CLASSES.indexOf(priority));
            expect(ranks).toEqual(ranks.toSorted((left, right) => left - right));
          }
          const waiting = new Set(queue.waiting.map(({ id }) => id));
          for (const [id, reported] of answers)
            expect([id, reported.length, waiting.has(id)]).toEqual([id, 1, false]);
        },
      ),
    );
  });
});
