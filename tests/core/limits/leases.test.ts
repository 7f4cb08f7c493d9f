/** Isolates and the ledger they lease from: what each says, and that together they never admit too much. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Gate } from "../../../src/core/limits/gate.ts";
import type { LeaseAnswer, LeaseAsk, Limit } from "../../../src/core/limits/lease.ts";
import { LeaseBook } from "../../../src/core/limits/lease-book.ts";
import { Ledger } from "../../../src/core/limits/ledger.ts";

const limit = (key: string, count: number): Limit => ({ name: key, key, count, windowMs: 60_000, burst: 1 });

function newStore() {
  const rows = new Map<string, string>();
  return {
    get: (key: string): Gate | undefined => {
      const row = rows.get(key);
      return row === undefined ? undefined : JSON.parse(row);
    },
    put: (key: string, gate: Gate) => void rows.set(key, JSON.stringify(gate)),
  };
}

let now: number;
let ledger: Ledger;
let book: LeaseBook;

/** A request from beginning to end. */
function request(limits: readonly Limit[], by = book): "admit" | "deny" {
  const verdict = by.decide(limits, now);
  if (verdict.kind !== "ask") return verdict.kind;
  const ask = by.ask(limits, now);
  const learned = by.learn(ask, ledger.answer(ask, now), now);
  if (learned.kind === "ask") throw new Error("asked in vain");
  return learned.kind;
}

/** Every so many milliseconds one; how many of them had to ask. */
function busy(limits: readonly Limit[], everyMs: number, forMs: number): number {
  let asked = 0;
  for (const end = now + forMs; now < end; now += everyMs) {
    const verdict = book.decide(limits, now);
    if (verdict.kind === "ask") {
      asked += 1;
      const ask = book.ask(limits, now);
      book.learn(ask, ledger.answer(ask, now), now);
    } else if (verdict.kind === "admit" && verdict.refill) {
      const ask = book.refill(now);
      if (ask !== undefined) {
        asked += 1;
        book.learn(ask, ledger.answer(ask, now), now);
      }
    }
  }
  return asked;
}

beforeEach(() => {
  now = 1_000_000;
  ledger = new Ledger(newStore());
  book = new LeaseBook("a");
});

describe("an isolate", () => {
  const small = limit("small", 20);
  const large = limit("large", 100_000);

  it("asks for every request of a small limit, and stops at it", () => {
    const verdicts = Array.from({ length: 25 }, () => request([small]));
    expect(verdicts.filter((verdict) => verdict === "admit")).toHaveLength(20);
    expect(verdicts.slice(20)).toEqual(Array(5).fill("deny"));
  });

  it("refuses by itself what it knows to be spent, and tells when to come again", () => {
    for (let time = 0; time < 21; time += 1) request([small]);
    const verdict = book.decide([small], now + 1000);
    expect(verdict).toMatchObject({ kind: "deny", limit: small });
    if (verdict.kind === "deny") expect(verdict.retryMs).toBeGreaterThan(58_000);
    expect(book.decide([small], now + 62_000).kind).toBe("ask");
  });

  it("that is busy seldom asks", () => {
    busy([large], 10, 3000);
    const asked = busy([large], 10, 10_000);
    expect(asked).toBeLessThanOrEqual(25);
  });

  it("that is not busy takes nothing ahead", () => {
    request([large]);
    now += 2000;
    const ask = book.ask([large], now);
    expect(ask.claims).toEqual([{ limit: large, now: 1, ahead: 0 }]);
  });

  it("spends no token of one limit when another refuses", () => {
    for (let time = 0; time < 20; time += 1) request([small]);
    const other = limit("other", 200);
    for (let time = 0; time < 50; time += 1) expect(request([small, other])).toBe("deny");
    expect(book.quotas([other], now)[0]?.remaining).toBe(200);
    let admitted = 0;
    while (request([other]) === "admit") admitted += 1;
    expect(admitted).toBe(200);
  });

  it("does not spend a lease that is over", () => {
    busy([large], 10, 1000);
    now += 1001;
    expect(book.decide([large], now).kind).toBe("ask");
  });

  it("gives back what it has not used, when it has gone quiet", () => {
    busy([large], 10, 2000);
    now += 1500;
    const ask = book.flush(now);
    expect(ask?.claims).toEqual([]);
    if (ask !== undefined) book.learn(ask, ledger.answer(ask, now), now);
    const used = 200;
    const left = 100_000 - (book.ask([large], now).claims.length > 0 ? used : 0);
    const probe = new LeaseBook("b").ask([large], now);
    expect(ledger.answer(probe, now).granted[0]?.remaining).toBe(left - 1);
    expect(book.flush(now + 2000)).toBeUndefined();
  });

  it("tells again what was lost, and gives back what the lost answer may have granted", () => {
    const first = book.ask([small], now);
    ledger.answer(first, now);
    book.lost(first);
    const second = book.ask([small], now);
    expect(second.settled).toMatchObject([{ askId: first.id, isLost: true }]);
    expect(ledger.answer(second, now).granted[0]?.remaining).toBe(19);
  });

  it("does not trust an answer that it has given up", () => {
    const ask = book.ask([small], now);
    const answer = ledger.answer(ask, now);
    book.lost(ask);
    expect(book.learn(ask, answer, now).kind).toBe("ask");
  });

  it("goes by a limit that has changed, at once", () => {
    for (let time = 0; time < 21; time += 1) request([small]);
    const verdicts = Array.from({ length: 10 }, () => request([limit("small", 25)]));
    expect(verdicts.filter((verdict) => verdict === "admit")).toHaveLength(5);
    expect(request([limit("small", 10)])).toBe("deny");
  });
});

describe("the ledger", () => {
  it("knows after a restart what it has handed out", () => {
    const store = newStore();
    const small = limit("small", 20);
    ledger = new Ledger(store);
    for (let time = 0; time < 12; time += 1) request([small]);
    ledger = new Ledger(store);
    const verdicts = Array.from({ length: 12 }, () => request([small]));
    expect(verdicts.filter((verdict) => verdict === "admit")).toHaveLength(8);
  });
});

/**
 * Any number of isolates, messages that are late, lost or overtake one another, restarts, deaths, clocks that are off:
 * a model that only counts what is admitted, and when.
 */
describe("together they never admit more than a limit holds", () => {
  const action = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant("request" as const),
        isolate: fc.nat(3),
        burst: fc.integer({ min: 1, max: 6 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("deliver" as const), which: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), which: fc.nat(20) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.oneof(fc.nat(300), fc.nat(20_000)) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("die" as const), isolate: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const), isolate: fc.nat(3) }) },
  );

  it.each([3, 40, 400])("a limit of %i", (count) => {
    fc.assert(
      fc.property(
        fc.array(action, { minLength: 20, maxLength: 250 }),
        fc.array(fc.integer({ min: -9e5, max: 9e5 }), { minLength: 4, maxLength: 4 }),
        (actions, skews) => {
          const limits = [limit("own", count), limit("other", 2 * count)];
          const store = newStore();
          let shared = new Ledger(store);
          let born = 0;
          const birth = () => {
            born += 1;
            return new LeaseBook(`i${born}`);
          };
          const books = skews.map(birth);
          /** Answered by the ledger or not yet; the isolate may be another one by then. */
          const messages: {
            by: LeaseBook;
            skew: number;
            ask: LeaseAsk;
            answer?: LeaseAnswer;
            answeredAt: number;
            waits: boolean;
          }[] = [];
          const admitted: number[] = [];
          let time = 5_000_000;
          const send = (isolate: number, ask: LeaseAsk | undefined, waits: boolean) => {
            const by = books[isolate];
            if (ask !== undefined && by !== undefined)
              messages.push({ by, skew: skews[isolate] ?? 0, ask, answeredAt: 0, waits });
          };
          for (const act of actions) {
            if (act.do === "wait") time += act.ms;
            else if (act.do === "restart") shared = new Ledger(store);
            else if (act.do === "die") books[act.isolate] = birth();
            else if (act.do === "flush") {
              send(act.isolate, books[act.isolate]?.flush(time + (skews[act.isolate] ?? 0)), false);
            } else if (act.do === "lose") {
              const [lost] = messages.splice(act.which % Math.max(1, messages.length), 1);
              lost?.by.lost(lost.ask);
            } else if (act.do === "deliver") {
              const at = act.which % Math.max(1, messages.length);
              const message = messages[at];
              if (message === undefined) continue;
              if (message.answer === undefined) {
                message.answer = shared.answer(message.ask, time);
                message.answeredAt = time;
              } else {
                messages.splice(at, 1);
                const verdict = message.by.learn(message.ask, message.answer, time + message.skew);
                if (message.waits && verdict.kind === "admit") admitted.push(message.answeredAt);
              }
            } else {
              const [by, skew] = [books[act.isolate], skews[act.isolate] ?? 0];
              for (let one = 0; by !== undefined && one < act.burst; one += 1) {
                const verdict = by.decide(limits, time + skew);
                if (verdict.kind === "ask") send(act.isolate, by.ask(limits, time + skew), true);
                else if (verdict.kind === "admit") {
                  admitted.push(time);
                  if (verdict.refill) send(act.isolate, by.refill(time + skew), false);
                }
              }
            }
          }
          admitted.sort((one, other) => one - other);
          for (const [at, moment] of admitted.entries()) {
            const tooEarly = admitted[at - count];
            if (tooEarly !== undefined) expect(moment - tooEarly).toBeGreaterThanOrEqual(60_000);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
