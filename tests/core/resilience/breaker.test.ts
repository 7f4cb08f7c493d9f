import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acquirePermit,
  BREAKER_TERMS,
  type Breaker,
  type BreakerPermit,
  type BreakerTerms,
  type BreakerTransition,
  forceState,
  INITIAL_BREAKER,
  reportOutcome,
  retryAfterMs,
} from "../../../src/core/resilience/breaker.ts";
import { classifyOutcome } from "../../../src/core/resilience/outcome.ts";
import { addOutcome, EMPTY_WINDOW, sumOutcomes } from "../../../src/core/resilience/outcome-window.ts";

const terms: BreakerTerms = { ...BREAKER_TERMS, minimumCalls: 4, jitter: 0, probes: 2, successesToClose: 2 };
const OK = { total: 1, failures: 0, slow: 0 };
const FAILED = { total: 1, failures: 1, slow: 0 };
const SLOW = { total: 1, failures: 0, slow: 1 };

/** A breaker and what it has been through, in one. */
function setup(own: BreakerTerms = terms, random = () => 0) {
  let breaker: Breaker = INITIAL_BREAKER;
  const transitions: BreakerTransition[] = [];
  const step = (next: { breaker: Breaker; transition: BreakerTransition | undefined }) => {
    breaker = next.breaker;
    if (next.transition !== undefined) transitions.push(next.transition);
  };
  return {
    get state() {
      return breaker.state;
    },
    get breaker() {
      return breaker;
    },
    transitions,
    pass(now: number): BreakerPermit | undefined {
      const next = acquirePermit(breaker, own, now);
      step(next);
      return next.pass;
    },
    report: (pass: BreakerPermit, calls: typeof OK, now: number) =>
      step(reportOutcome(breaker, pass, calls, own, { now, random })),
    call(calls: typeof OK, now: number): boolean {
      const pass = this.pass(now);
      if (pass !== undefined) this.report(pass, calls, now);
      return pass !== undefined;
    },
    force: (to: "open" | "closed" | undefined, now: number) => step(forceState(breaker, to, now)),
  };
}

function opened(own?: BreakerTerms, random?: () => number) {
  const it = setup(own, random);
  for (let time = 0; time < 4; time += 1) it.call(FAILED, 1000);
  return it;
}

describe("a closed breaker", () => {
  it.each<[string, (typeof OK)[], string]>([
    ["stays so while all is well", [OK, OK, OK, OK, OK], "closed"],
    ["decides nothing on a few calls", [FAILED, FAILED, FAILED], "closed"],
    ["opens when half of them fail", [OK, OK, FAILED, FAILED], "open"],
    ["stays closed when fewer fail", [OK, OK, OK, FAILED], "closed"],
    ["opens when nearly all are slow", [SLOW, SLOW, SLOW, SLOW], "open"],
    ["takes reports of many calls at once", [{ total: 10, failures: 6, slow: 0 }], "open"],
  ])("%s", (_, calls, state) => {
    const it = setup();
    for (const call of calls) it.call(call, 1000);
    expect(it.state).toBe(state);
  });

  it("drops old outcomes", () => {
    const it = setup();
    for (let time = 0; time < 3; time += 1) it.call(FAILED, 0);
    for (let time = 0; time < 4; time += 1) it.call(OK, 31_000);
    it.call(FAILED, 31_000);
    expect(it.state).toBe("closed");
  });
});

describe("an open breaker", () => {
  it("rejects calls with the remaining time, and then allows a few probes", () => {
    const it = opened();
    expect(it.call(OK, 5999)).toBe(false);
    expect(retryAfterMs(it.breaker, 3000)).toBe(3000);
    expect([it.pass(6000), it.pass(6000), it.pass(6000)].map((pass) => pass?.isProbe)).toEqual([
      true,
      true,
      undefined,
    ]);
    expect(it.state).toBe("half_open");
  });

  it("closes when probes succeed", () => {
    const it = opened();
    it.call(OK, 6000);
    expect(it.state).toBe("half_open");
    it.call(OK, 6001);
    expect(it.transitions.map(({ to, reason }) => `${to}: ${reason}`)).toEqual([
      "open: failures",
      "half_open: time to probe",
      "closed: probes succeeded",
    ]);
  });

  it.each([
    ["fails", FAILED],
    ["is slow", SLOW],
  ])("opens for twice as long when a probe %s", (_, calls) => {
    const it = opened();
    it.call(calls, 6000);
    expect(it.state).toBe("open");
    expect(it.breaker.nextAttemptAt).toBe(16_000);
    it.call(calls, 16_000);
    expect(it.breaker.nextAttemptAt).toBe(36_000);
  });

  it("never stays open longer than the longest, and starts anew after it was closed", () => {
    const it = opened();
    let now = 6000;
    for (let time = 0; time < 20; time += 1) {
      it.call(FAILED, now);
      expect(it.breaker.nextAttemptAt - now).toBeLessThanOrEqual(terms.longestOpenMs);
      now = it.breaker.nextAttemptAt;
    }
    it.call(OK, now);
    it.call(OK, now);
    for (let time = 0; time < 4; time += 1) it.call(FAILED, now + 1);
    expect(it.breaker.nextAttemptAt).toBe(now + 5001);
  });

  it("spreads the next attempts of many", () => {
    expect(opened({ ...terms, jitter: 0.2 }, () => 0.5).breaker.nextAttemptAt).toBe(1000 + 5500);
  });

  it("counts an unreported probe as failed, and allows another", () => {
    const it = opened();
    it.pass(6000);
    it.pass(6000);
    expect(it.pass(65_999)).toBeUndefined();
    expect(it.pass(66_000)?.isProbe).toBe(true);
  });

  it("does not count calls that began before it opened", () => {
    const it = setup();
    const early = it.pass(0);
    for (let time = 0; time < 4; time += 1) it.call(FAILED, 1000);
    it.pass(6000);
    if (early !== undefined) it.report(early, OK, 6001);
    if (early !== undefined) it.report(early, FAILED, 6002);
    expect(it.state).toBe("half_open");
    expect(it.breaker.successes).toBe(0);
  });
});

describe("an admin", () => {
  it("holds it open, whatever happens", () => {
    const it = setup();
    it.force("open", 0);
    expect(it.call(OK, 1e9)).toBe(false);
    expect(it.transitions).toMatchObject([{ from: "closed", to: "open", reason: "forced", at: 0 }]);
  });

  it("holds it closed, whatever happens", () => {
    const it = opened();
    it.force("closed", 2000);
    for (let time = 0; time < 20; time += 1) expect(it.call(FAILED, 2000)).toBe(true);
    expect(it.state).toBe("closed");
  });

  it("hands it back: an open one may then be probed", () => {
    const it = setup();
    it.force("open", 0);
    it.force(undefined, 10);
    expect(it.pass(10)?.isProbe).toBe(true);
  });
});

describe("the last calls", () => {
  const calls = (results: string) => [...results].map((result) => (result === "x" ? FAILED : OK));

  it("of a window of calls are about so many", () => {
    const window = { calls: 10 };
    const record = calls("xxxxxxxxxx..........").reduce(
      (so, call) => addOutcome(so, call, window, 0),
      EMPTY_WINDOW,
    );
    expect(sumOutcomes(record, window, 1e9)).toEqual({ total: 10, failures: 0, slow: 0 });
  });

  it("are never fewer than the window, once there were so many, nor many more", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 50 }),
        (sizes, size) => {
          const window = { calls: size };
          let record = EMPTY_WINDOW;
          let sum = 0;
          for (const total of sizes) {
            record = addOutcome(record, { total, failures: 0, slow: 0 }, window, 0);
            sum += total;
            const kept = sumOutcomes(record, window, 0).total;
            expect(kept).toBeGreaterThanOrEqual(Math.min(sum, size));
            expect(kept).toBeLessThanOrEqual(size + Math.ceil(size / 10) + 9);
          }
        },
      ),
    );
  });
});

describe("an outcome", () => {
  it.each<[string, Parameters<typeof classifyOutcome>[0], string]>([
    ["an answer, also one with a tool's error in it", { status: 200 }, "success"],
    ["accepted", { status: 202 }, "success"],
    ["a wrong credential", { status: 401 }, "success"],
    ["a session that is gone", { status: 404 }, "success"],
    ["too much at once", { status: 429 }, "failure"],
    ["too late", { status: 408 }, "failure"],
    ["broken", { status: 500 }, "failure"],
    ["a gateway of its own that is broken", { status: 503 }, "failure"],
    ["not to be reached", { error: "upstream_unreachable" }, "failure"],
    ["no answer in time", { error: "upstream_timeout" }, "failure"],
    ["nonsense", { status: 200, error: "upstream_invalid" }, "failure"],
    ["a bad request of the caller's", { error: "bad_request" }, "ignored"],
    ["our own database", { error: "database_unavailable" }, "ignored"],
    ["a caller who went away", { error: "upstream_timeout", cancelled: true }, "ignored"],
  ])("%s", (_, result, expected) => {
    expect(classifyOutcome(result)).toBe(expected);
  });
});

/**
 * The state machine of the specification without windows and generations: it receives the outcomes of calls and returns
 * the states that may follow. The breaker must always be in one of them.
 */
describe("a breaker beside its drawing", () => {
  const act = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("call" as const), fails: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("force" as const),
        to: fc.constantFrom("open" as const, "closed" as const, undefined),
      }),
    },
  );

  it("goes the same ways", () => {
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 120 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (acts, chance) => {
          const own = { ...terms, window: { calls: 4 }, jitter: 0.2 };
          const it = setup(own, () => chance);
          const model = {
            state: "closed",
            held: undefined as string | undefined,
            last: [] as boolean[],
            until: 0,
            opens: 0,
            successes: 0,
          };
          let now = 0;
          for (const one of acts) {
            if (one.do === "wait") now += one.ms;
            else if (one.do === "force") {
              it.force(one.to, now);
              if (one.to !== undefined && one.to !== model.state)
                Object.assign(model, { state: one.to, last: [], opens: 0, successes: 0, until: now });
              model.held = one.to;
            } else {
              const may =
                model.held === "closed" ||
                (model.held === undefined && (model.state !== "open" || now >= model.until));
              expect(it.call(one.fails ? FAILED : OK, now)).toBe(may);
              if (!may || model.held !== undefined) continue;
              if (model.state === "open") Object.assign(model, { state: "half_open", successes: 0 });
              if (model.state === "closed") model.last = [...model.last, one.fails].slice(-4);
              const isBad = model.last.length === 4 && model.last.filter(Boolean).length >= 2;
              const isOpening = model.state === "half_open" ? one.fails : isBad;
              if (isOpening) {
                const ms = Math.min(own.longestOpenMs, own.openMs * 2 ** model.opens) * (1 + 0.2 * chance);
                Object.assign(model, { state: "open", until: now + ms, opens: model.opens + 1, last: [] });
              } else if (model.state === "half_open") {
                model.successes += 1;
                if (model.successes === 2) Object.assign(model, { state: "closed", last: [], opens: 0 });
              }
            }
            expect(it.state).toBe(model.state);
          }
          for (const [at, { from }] of it.transitions.entries())
            expect(from).toBe(it.transitions[at - 1]?.to ?? "closed");
        },
      ),
    );
  });
});
