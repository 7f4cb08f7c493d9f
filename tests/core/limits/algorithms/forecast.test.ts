import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LimitDay, recommendLimit } from "../../../../src/core/limits/advice.ts";
import {
  addObservation,
  createForecaster,
  expectedPeak,
  type Forecaster,
  forecast,
} from "../../../../src/core/limits/algorithms/forecast.ts";
import { MinuteCounter } from "../../../../src/core/limits/algorithms/samples.ts";

const DAY = 1440;
const START = 20_000 * DAY;

function taught(days: number, rate: (minute: number, day: number) => number | undefined): Forecaster {
  let known = createForecaster(START);
  for (let at = 0; at < days * DAY; at += 1)
    known = addObservation(known, START + at, rate(at % DAY, Math.floor(at / DAY)));
  return known;
}

const office = (minute: number) => (minute >= 540 && minute < 1020 ? 100 : 10);

describe("a forecast", () => {
  it("predicts nothing before the first request", () => {
    expect(forecast(createForecaster(START), 1)).toBe(0);
    expect(expectedPeak(createForecaster(START), 5)).toBe(0);
  });

  it("expects tomorrow what was yesterday", () => {
    const known = taught(4, office);
    expect(forecast(known, 300)).toBeCloseTo(10, 0);
    expect(forecast(known, 600)).toBeCloseTo(100, -1);
  });

  it("sees the morning coming", () => {
    const known = taught(3 + 538 / DAY, office);
    expect(forecast(known, 1)).toBeLessThan(20);
    expect(expectedPeak(known, 10)).toBeGreaterThan(90);
  });

  it("has no season on the first day, and allocates nothing for it", () => {
    const known = taught(0.5, office);
    expect(forecast(known, 1)).toBeCloseTo(100, -1);
    expect(expectedPeak(known, 5)).toBe(0);
  });

  it("is not led astray by one wild minute, but follows a change", () => {
    const steady = taught(3, () => 50);
    const once = addObservation(steady, steady.minute + 1, 5000);
    expect(forecast(once, 1)).toBeLessThan(70);
    let changed = steady;
    for (let minute = 0; minute < 30; minute += 1) changed = addObservation(changed, changed.minute + 1, 200);
    expect(forecast(changed, 1)).toBeGreaterThan(150);
  });

  it("goes on over what is not known", () => {
    const gappy = taught(4, (minute, day) =>
      day === 2 && minute > 300 && minute < 900 ? undefined : office(minute),
    );
    expect(forecast(gappy, 600)).toBeCloseTo(100, -1);
    const silent = addObservation(gappy, gappy.minute + 3 * DAY, undefined);
    expect(forecast(silent, 600)).toBeCloseTo(100, -1);
  });

  it("takes each minute once", () => {
    const known = taught(2, office);
    expect(addObservation(known, known.minute, 999)).toBe(known);
  });

  it("is a number of at least 0, whatever it has observed", () => {
    const reported = fc.array(fc.option(fc.nat(100_000), { nil: undefined }), { maxLength: 400 });
    fc.assert(
      fc.property(reported, fc.nat(5000), (minutes, ahead) => {
        let known = createForecaster(START);
        for (const [at, requests] of minutes.entries())
          known = addObservation(known, START + at * 7, requests);
        const expected = forecast(known, ahead);
        expect(Number.isFinite(expected) && expected >= 0).toBe(true);
      }),
    );
  });
});

describe("minutes", () => {
  it("are observed when they are over, quiet ones too", () => {
    const counter = new MinuteCounter(60_000);
    expect(counter.count(3, 61_000)).toEqual([]);
    expect(counter.count(2, 119_999)).toEqual([]);
    expect(counter.count(1, 240_000)).toEqual([
      { minute: 1, requests: 5 },
      { minute: 2, requests: 0 },
      { minute: 3, requests: 0 },
    ]);
  });

  it("are a day at most after a long silence", () => {
    const counter = new MinuteCounter(0);
    const over = counter.count(1, 100 * DAY * 60_000);
    expect(over).toHaveLength(1 + DAY);
    expect(over.at(-1)?.minute).toBe(100 * DAY - 1);
  });
});

describe("advice on a limit", () => {
  const day = (refused: number, hour = 10): LimitDay => ({
    refusedByHour: Array.from({ length: 24 }, (_, at) => (at === hour ? refused : 0)),
    admitted: 2400,
  });
  it.each<[string, LimitDay[], ReturnType<typeof recommendLimit>]>([
    ["never hit", [day(0), day(0), day(0), day(0)], undefined],
    ["hit twice", [day(100), day(0), day(100)], undefined],
    ["a few refusals a day", [day(10), day(10), day(10), day(10)], undefined],
    ["hit every day at ten", [day(100), day(100), day(50)], { days: 3, hours: [10], suggestedFactor: 2 }],
    [
      "now here, now there",
      [day(100, 1), day(100, 2), day(100, 3)],
      { days: 3, hours: [], suggestedFactor: 2 },
    ],
  ])("%s", (_, days, expected) => {
    expect(recommendLimit(days)).toEqual(expected);
  });
});
