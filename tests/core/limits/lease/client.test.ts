/** Isolates and the ledger they lease from: their messages, and that together they never admit too much. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Limit } from "../../../../src/core/limits/algorithms/limit.ts";
import type { LimiterState } from "../../../../src/core/limits/algorithms/limiter.ts";
import { LeaseClient } from "../../../../src/core/limits/lease/client.ts";
import { LeaseIssuer } from "../../../../src/core/limits/lease/issuer.ts";
import type { LeaseRequest, LeaseResponse } from "../../../../src/core/limits/lease/protocol.ts";
import { runs } from "../../../support/runs.ts";

const limit = (key: string, count: number): Limit => ({ name: key, key, count, windowMs: 60_000, burst: 1 });

function newStore() {
  const rows = new Map<string, string>();
  return {
    get: (key: string): LimiterState | undefined => {
      const row = rows.get(key);
      return row === undefined ? undefined : JSON.parse(row);
    },
    put: (key: string, gate: LimiterState) => void rows.set(key, JSON.stringify(gate)),
  };
}

let now: number;
let ledger: LeaseIssuer;
let book: LeaseClient;

/** A request from beginning to end. */
function request(limits: readonly Limit[], by = book): "admit" | "deny" {
  const verdict = by.tryAcquire(limits, now);
  if (verdict.kind !== "request") return verdict.kind;
  const ask = by.buildRequest(limits, now);
  const learned = by.applyResponse(ask, ledger.issue(ask, now), now);
  if (learned.kind === "request") throw new Error("requested without success");
  return learned.kind;
}

/** Sends a request at each interval; returns how many needed a request to the ledger. */
function busy(limits: readonly Limit[], everyMs: number, forMs: number): number {
  let asked = 0;
  for (const end = now + forMs; now < end; now += everyMs) {
    const verdict = book.tryAcquire(limits, now);
    if (verdict.kind === "request") {
      asked += 1;
      const ask = book.buildRequest(limits, now);
      book.applyResponse(ask, ledger.issue(ask, now), now);
    } else if (verdict.kind === "admit" && verdict.refill) {
      const ask = book.buildRefill(now);
      if (ask !== undefined) {
        asked += 1;
        book.applyResponse(ask, ledger.issue(ask, now), now);
      }
    }
  }
  return asked;
}

beforeEach(() => {
  now = 1_000_000;
  ledger = new LeaseIssuer(newStore());
  book = new LeaseClient("a");
});

describe("an isolate", () => {
  const small = limit("small", 20);
  const large = limit("large", 100_000);

  it("requests each token of a small limit, and stops at it", () => {
    const verdicts = Array.from({ length: 25 }, () => request([small]));
    expect(verdicts.filter((verdict) => verdict === "admit")).toHaveLength(20);
    expect(verdicts.slice(20)).toEqual(Array(5).fill("deny"));
  });

  it("denies by itself what is known to be spent, with the time to retry", () => {
    for (let time = 0; time < 21; time += 1) request([small]);
    const verdict = book.tryAcquire([small], now + 1000);
    expect(verdict).toMatchObject({ kind: "deny", limit: small });
    if (verdict.kind === "deny") expect(verdict.retryMs).toBeGreaterThan(58_000);
    expect(book.tryAcquire([small], now + 62_000).kind).toBe("request");
  });

  it("that is busy seldom requests tokens", () => {
    busy([large], 10, 3000);
    const asked = busy([large], 10, 10_000);
    expect(asked).toBeLessThanOrEqual(25);
  });

  it("requests tokens once for all callers that wait", () => {
    expect(book.tryAcquire([large], now).kind).toBe("request");
    expect(book.isAwaited([large], now)).toBe(false);
    const first = book.buildRequest([large], now);
    for (let caller = 0; caller < 9; caller += 1) expect(book.tryAcquire([large], now).kind).toBe("request");
    expect(book.isAwaited([large], now)).toBe(true);
    expect(book.applyResponse(first, ledger.issue(first, now), now).kind).toBe("admit");
    expect(book.isAwaited([large], now)).toBe(false);
    const second = book.buildRequest([large], now, { waiting: 8 });
    expect(book.isAwaited([large], now)).toBe(true);
    expect(book.applyResponse(second, ledger.issue(second, now), now).kind).toBe("admit");
    for (let caller = 0; caller < 8; caller += 1) expect(book.retryAcquire([large], now).kind).toBe("admit");
  });

  it("does not wait for ever for a request that may have been cut off", () => {
    const first = book.buildRequest([large], now);
    expect(book.isAwaited([large], now + 99)).toBe(true);
    expect(book.isAwaited([large], now + 100)).toBe(false);
    book.markLost(first);
    expect(book.isAwaited([large], now)).toBe(false);
  });

  it("requests each token of a limit below a thousand for the caller that spends it", () => {
    const medium = limit("medium", 999);
    book.buildRequest([medium, large], now);
    expect(book.isAwaited([large], now)).toBe(true);
    expect(book.isAwaited([medium, large], now)).toBe(false);
    expect(book.buildRequest([medium], now, { waiting: 8 }).claims).toEqual([
      { limit: medium, now: 1, ahead: 0 },
    ]);
  });

  it("that is not busy takes nothing ahead", () => {
    request([large]);
    now += 2000;
    const ask = book.buildRequest([large], now);
    expect(ask.claims).toEqual([{ limit: large, now: 1, ahead: 0 }]);
  });

  it("spends no token of one limit when another refuses", () => {
    for (let time = 0; time < 20; time += 1) request([small]);
    const other = limit("other", 200);
    for (let time = 0; time < 50; time += 1) expect(request([small, other])).toBe("deny");
    expect(book.getQuotas([other], now)[0]?.remaining).toBe(200);
    let admitted = 0;
    while (request([other]) === "admit") admitted += 1;
    expect(admitted).toBe(200);
  });

  it("does not spend a lease that is over", () => {
    busy([large], 10, 1000);
    now += 1001;
    expect(book.tryAcquire([large], now).kind).toBe("request");
  });

  it("gives back what it has not used, when it has gone quiet", () => {
    busy([large], 10, 2000);
    expect(book.buildRelease(now)).toBeUndefined();
    now += book.msUntilRelease(now) ?? 0;
    const ask = book.buildRelease(now);
    expect(ask?.claims).toEqual([]);
    if (ask !== undefined) book.applyResponse(ask, ledger.issue(ask, now), now);
    const used = 200;
    const left = 100_000 - (book.buildRequest([large], now).claims.length > 0 ? used : 0);
    const probe = new LeaseClient("b").buildRequest([large], now);
    expect(ledger.issue(probe, now).granted[0]?.remaining).toBe(left - 1);
    now += 2000;
    expect(book.buildRelease(now)).toBeUndefined();
    expect(book.msUntilRelease(now)).toBeUndefined();
  });

  it("repeats lost reports, and returns what the lost response may have granted", () => {
    const first = book.buildRequest([small], now);
    ledger.issue(first, now);
    book.markLost(first);
    const second = book.buildRequest([small], now);
    expect(second.settled).toMatchObject([{ leaseId: first.id, isLost: true }]);
    expect(ledger.issue(second, now).granted[0]?.remaining).toBe(19);
  });

  it("ignores a response after its timeout", () => {
    const ask = book.buildRequest([small], now);
    const answer = ledger.issue(ask, now);
    book.markLost(ask);
    expect(book.applyResponse(ask, answer, now).kind).toBe("request");
  });

  it("goes by a limit that has changed, at once", () => {
    for (let time = 0; time < 21; time += 1) request([small]);
    const verdicts = Array.from({ length: 10 }, () => request([limit("small", 25)]));
    expect(verdicts.filter((verdict) => verdict === "admit")).toHaveLength(5);
    expect(request([limit("small", 10)])).toBe("deny");
  });
});

describe("the ledger", () => {
  it("has its grants after a restart", () => {
    const store = newStore();
    const small = limit("small", 20);
    ledger = new LeaseIssuer(store);
    for (let time = 0; time < 12; time += 1) request([small]);
    ledger = new LeaseIssuer(store);
    const verdicts = Array.from({ length: 12 }, () => request([small]));
    expect(verdicts.filter((verdict) => verdict === "admit")).toHaveLength(8);
  });
});

/**
 * Any number of isolates, messages that are late, lost or overtake one another, restarts, deaths, clocks that are off:
 * a model that only counts what is admitted, and when. A rush is an isolate with a good connection for once: its
 * leases are long, and it spends the last of them when they are nearly over.
 */
describe("together they never admit more than a limit holds", () => {
  const WINDOW = 10_000;
  const isolate = fc.nat(3);
  const which = fc.nat(20);
  const action = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("request" as const),
        isolate,
        times: fc.integer({ min: 1, max: 6 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("rush" as const),
        isolate,
        times: fc.integer({ min: 5, max: 60 }),
        everyMs: fc.constantFrom(0, 5, 20),
        thenMs: fc.constantFrom(0, 500, 900, 999),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("deliver" as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("lose" as const), which }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.oneof(fc.nat(300), fc.nat(WINDOW)) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("die" as const), isolate }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const), isolate }) },
  );

  interface Message {
    readonly by: LeaseClient;
    readonly skew: number;
    readonly ask: LeaseRequest;
    readonly waits: boolean;
    answered?: { readonly answer: LeaseResponse; readonly at: number };
  }

  class World {
    readonly admitted: number[] = [];
    readonly #store = newStore();
    readonly #skews: readonly number[];
    readonly #limits: readonly Limit[];
    #ledger = new LeaseIssuer(this.#store);
    #books: LeaseClient[];
    #messages: Message[] = [];
    #born = 0;
    #time = 5_000_000;

    constructor(count: number, skews: readonly number[]) {
      this.#skews = skews;
      this.#limits = ["own", "other"].map((key, at) => ({
        ...limit(key, count * (at + 1)),
        windowMs: WINDOW,
      }));
      this.#books = skews.map(() => this.#birth());
    }

    wait(ms: number): void {
      this.#time += ms;
    }

    restart(): void {
      this.#ledger = new LeaseIssuer(this.#store);
    }

    die(at: number): void {
      this.#books[at] = this.#birth();
    }

    request(at: number): void {
      const [by, skew = 0] = [this.#books[at], this.#skews[at]];
      const verdict = by?.tryAcquire(this.#limits, this.#time + skew);
      if (verdict?.kind === "request")
        this.#send(at, by?.buildRequest(this.#limits, this.#time + skew), true);
      if (verdict?.kind !== "admit") return;
      this.admitted.push(this.#time);
      if (verdict.refill) this.#send(at, by?.buildRefill(this.#time + skew), false);
    }

    rush(at: number, times: number, everyMs: number): void {
      for (let one = 0; one < times; one += 1) {
        this.request(at);
        const own = this.#messages.filter(({ by }) => by === this.#books[at]);
        for (const message of own) {
          this.#step(message);
          if (message.answered !== undefined) this.#step(message);
        }
        this.wait(everyMs);
      }
    }

    flush(at: number): void {
      this.#send(at, this.#books[at]?.buildRelease(this.#time + (this.#skews[at] ?? 0)), false);
    }

    deliver(number: number): void {
      const message = this.#messages[number % Math.max(1, this.#messages.length)];
      if (message !== undefined) this.#step(message);
    }

    lose(number: number): void {
      const message = this.#messages[number % Math.max(1, this.#messages.length)];
      if (message === undefined) return;
      this.#remove(message);
      message.by.markLost(message.ask);
    }

    /** On its way there, or on its way back. */
    #step(message: Message): void {
      if (message.answered === undefined) {
        message.answered = { answer: this.#ledger.issue(message.ask, this.#time), at: this.#time };
        return;
      }
      this.#remove(message);
      const { answer, at } = message.answered;
      const verdict = message.by.applyResponse(message.ask, answer, this.#time + message.skew);
      if (message.waits && verdict.kind === "admit") this.admitted.push(at);
    }

    #remove(message: Message): void {
      this.#messages = this.#messages.filter((other) => other !== message);
    }

    #send(at: number, ask: LeaseRequest | undefined, waits: boolean): void {
      const by = this.#books[at];
      if (ask !== undefined && by !== undefined)
        this.#messages.push({ by, skew: this.#skews[at] ?? 0, ask, waits });
    }

    #birth(): LeaseClient {
      this.#born += 1;
      return new LeaseClient(`i${this.#born}`);
    }
  }

  it.each([3, 40, 150])("a limit of %i", (count) => {
    const skews = fc.array(fc.integer({ min: -9e5, max: 9e5 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 120 }), skews, (actions, offsets) => {
        const world = new World(count, offsets);
        for (const act of actions) {
          if (act.do === "wait") world.wait(act.ms);
          else if (act.do === "restart") world.restart();
          else if (act.do === "die") world.die(act.isolate);
          else if (act.do === "flush") world.flush(act.isolate);
          else if (act.do === "lose") world.lose(act.which);
          else if (act.do === "deliver") world.deliver(act.which);
          else if (act.do === "request")
            for (let one = 0; one < act.times; one += 1) world.request(act.isolate);
          else {
            world.rush(act.isolate, act.times, act.everyMs);
            world.wait(act.thenMs);
            for (let one = 0; one < act.times; one += 1) world.request(act.isolate);
          }
        }
        const times = world.admitted.sort((one, other) => one - other);
        for (const [at, moment] of times.entries()) {
          const before = times[at - count];
          if (before !== undefined) expect(moment - before).toBeGreaterThanOrEqual(WINDOW);
        }
      }),
      { numRuns: runs(150) },
    );
  });
});
