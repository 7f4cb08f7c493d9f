/** The alert state machine, given readings a minute apart, and its invariants for arbitrary readings. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AlertRule,
  type AlertState,
  type AlertTransition,
  INITIAL_STATE,
  type MetricReading,
  nextState,
} from "../../../src/core/alerts/state-machine.ts";

const MINUTE = 60_000;

const rule = (changes: Partial<AlertRule> = {}): AlertRule => ({
  comparison: "gt",
  threshold: 10,
  resolveThreshold: null,
  windowSeconds: 300,
  forSeconds: 0,
  ...changes,
});

type Given = number | undefined | { value?: number; isSilenced?: true; isOver?: true };

function run(given: readonly Given[], of: AlertRule = rule(), every = MINUTE): AlertTransition[] {
  let state: AlertState = INITIAL_STATE;
  return given.map((one, index) => {
    const { value, isSilenced = false, isOver = false } = typeof one === "object" ? one : { value: one };
    const step = nextState(of, state, { value, isSilenced, isOver, at: (index + 1) * every });
    state = step.state;
    return step;
  });
}

const statuses = (steps: readonly AlertTransition[]) => steps.map(({ status }) => status);
const notified = (steps: readonly AlertTransition[]) => steps.map(({ notify }) => notify ?? "");
const events = (steps: readonly AlertTransition[]) => steps.map(({ event }) => event ?? "");
const silenced = (value: number): Given => ({ value, isSilenced: true });

describe("an alert", () => {
  it("fires at once where it need not last, and is over on the other side", () => {
    const steps = run([5, 11, 12, 10]);
    expect(statuses(steps)).toEqual(["quiet", "firing", "firing", "quiet"]);
    expect(events(steps)).toEqual(["", "open", "", "resolve"]);
    expect(notified(steps)).toEqual(["", "firing", "", "resolved"]);
  });

  it("is pending until it has lasted, and begins anew after a good reading", () => {
    const steps = run([11, 11, 9, 11, 11, 11], rule({ forSeconds: 120 }));
    expect(statuses(steps)).toEqual(["pending", "pending", "quiet", "pending", "pending", "firing"]);
    expect(notified(steps)).toEqual(["", "", "", "", "", "firing"]);
  });

  it("ends only beyond its margin", () => {
    expect(statuses(run([11, 9, 6, 5], rule({ resolveThreshold: 5 })))).toEqual([
      "firing",
      "firing",
      "firing",
      "quiet",
    ]);
  });

  it.each<[AlertRule["comparison"], number, number]>([
    ["gt", 11, 10],
    ["gte", 10, 9],
    ["lt", 9, 10],
    ["lte", 10, 11],
  ])("with %s fires at %d and not at %d", (comparison, bad, good) => {
    expect(statuses(run([bad, good], rule({ comparison })))).toEqual(["firing", "quiet"]);
  });

  it("that is silenced is watched and not notified; what outlasts the silence is notified then", () => {
    const steps = run([silenced(11), silenced(11), 11, silenced(5), 5]);
    expect(statuses(steps)).toEqual(["silenced", "silenced", "firing", "quiet", "quiet"]);
    expect(events(steps)).toEqual(["open", "", "", "resolve", ""]);
    expect(notified(steps)).toEqual(["", "", "firing", "", "resolved"]);
  });

  it("that came and went while silenced is not notified", () => {
    expect(notified(run([silenced(11), silenced(5), 5]))).toEqual(["", "", ""]);
  });

  it("that goes on and off is notified as flapping once, stays open, and is notified again when it has settled", () => {
    const onAndOff = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 11 : 5));
    const calm = Array.from({ length: 70 }, () => 5);
    const steps = run([...onAndOff, ...calm]);
    const pairs = ["firing", "resolved"];
    expect(notified(steps).filter((notify) => notify !== "")).toEqual([
      ...pairs,
      ...pairs,
      ...pairs,
      "flapping",
      "resolved",
    ]);
    expect(statuses(steps).slice(6, 20)).toEqual(Array.from({ length: 14 }, () => "flapping"));
    expect(events(steps).filter((event) => event !== "").length).toBe(8);
    expect(steps.at(-1)?.status).toBe("quiet");
  });

  it("that settles on firing reports it", () => {
    const steps = run([11, 5, 11, 5, 11, 5, 11, ...Array.from({ length: 70 }, () => 11)]);
    expect(
      notified(steps)
        .filter((notify) => notify !== "")
        .slice(-2),
    ).toEqual(["flapping", "firing"]);
  });

  it("without readings ends after its window, and pends no more", () => {
    const nothing = Array.from({ length: 6 }, () => undefined);
    expect(statuses(run([11, ...nothing]))).toEqual([...Array.from({ length: 6 }, () => "firing"), "quiet"]);
    expect(statuses(run([11, undefined], rule({ forSeconds: 120 })))).toEqual(["pending", "quiet"]);
  });

  it("is unchanged in maintenance, without measurements", () => {
    const nothing = Array.from({ length: 9 }, (): Given => ({ isSilenced: true }));
    expect(notified(run([11, ...nothing, 11, 5])).filter((notify) => notify !== "")).toEqual([
      "firing",
      "resolved",
    ]);
  });

  it("is over when its rule is", () => {
    const steps = run([11, 11, { value: 11, isOver: true }]);
    expect(events(steps)).toEqual(["open", "", "resolve"]);
    expect(notified(steps)).toEqual(["firing", "", "resolved"]);
  });
});

describe("whatever the readings are", () => {
  const reading = fc.record({
    value: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
    isSilenced: fc.boolean(),
    isOver: fc.constant(false),
    after: fc.integer({ min: 1, max: 20 * MINUTE }),
  });
  const rules = fc.record({
    comparison: fc.constantFrom("gt", "gte", "lt", "lte"),
    threshold: fc.integer({ min: 3, max: 17 }),
    resolveThreshold: fc.option(fc.integer({ min: 0, max: 20 })),
    windowSeconds: fc.integer({ min: 1, max: 600 }),
    forSeconds: fc.integer({ min: 0, max: 600 }),
  });

  const walk = (of: AlertRule, given: readonly (Omit<MetricReading, "at"> & { after: number })[]) => {
    let state = INITIAL_STATE;
    let at = 0;
    return given.map(({ after, ...one }) => {
      at += after;
      const step = nextState(of, state, { ...one, at });
      state = step.state;
      return { ...step, at, reading: one };
    });
  };
  const check = (property: (of: AlertRule, steps: ReturnType<typeof walk>) => void) =>
    fc.assert(
      fc.property(rules, fc.array(reading, { maxLength: 60 }), (of, given) => property(of, walk(of, given))),
    );

  it("notifies nothing twice, nothing while silenced, and an end only after a beginning", () => {
    check((_, steps) => {
      let last = "resolved";
      for (const { notify, reading } of steps) {
        if (notify === undefined) continue;
        expect(reading.isSilenced).toBe(false);
        expect(notify).not.toBe(last);
        last = notify;
      }
    });
  });

  it("events open and resolve in turns", () => {
    check((_, steps) => {
      const seen = steps.flatMap(({ event }) => event ?? []);
      expect(seen).toEqual(seen.map((__, index) => (index % 2 === 0 ? "open" : "resolve")));
    });
  });

  it("nothing fires before it has lasted", () => {
    check(({ forSeconds }, steps) => {
      for (const [index, { state }] of steps.entries()) {
        if (state.phase !== "firing" || steps[index - 1]?.state.phase === "firing") continue;
        const began =
          steps[index - 1]?.state.phase === "pending" ? (steps[index - 1]?.state.since ?? 0) : state.since;
        expect(state.since - began).toBeGreaterThanOrEqual(forSeconds * 1000);
      }
    });
  });

  it("what is notified last is so, once nothing is silenced", () => {
    check((_, steps) => {
      for (const { state, reading } of steps) {
        if (reading.isSilenced) continue;
        const so = state.isFlapping ? "flapping" : state.phase === "firing" ? "firing" : "quiet";
        expect(state.notified).toBe(so);
      }
    });
  });
});
