/** When the connections of the database are used up, by the trend of a day. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forecastConnections } from "../../../src/core/database/connection-forecast.ts";

const START = Date.UTC(2026, 2, 4);
const HOUR_MS = 3_600_000;
const day = (connections: (minute: number) => number, count = 1440) =>
  Array.from({ length: count }, (_, minute) => ({
    at: new Date(START + minute * 60_000),
    connections: connections(minute),
    maxConnections: 100,
  }));

describe("the forecast of connections", () => {
  it("finds when a rising line reaches the limit", () => {
    const forecast = forecastConnections(day((minute) => 10 + minute / 60));
    expect(forecast?.connectionsPerHour).toBeCloseTo(1);
    expect(forecast?.fit).toBeCloseTo(1);
    expect(forecast?.exhaustedAt?.getTime()).toBeCloseTo(START + 90 * HOUR_MS, -3);
  });

  it.each([
    ["steady", () => 40],
    ["falling", (minute: number) => 90 - minute / 60],
    ["without a trend", (minute: number) => (minute % 2 === 0 ? 10 : 90)],
    ["rising too slowly to matter within a week", (minute: number) => 10 + minute / 6000],
  ])("predicts no exhaustion when connections are %s", (_, connections) => {
    expect(forecastConnections(day(connections))?.exhaustedAt).toBeNull();
  });

  it("is now where the limit is reached already", () => {
    const forecast = forecastConnections(day((minute) => 60 + minute / 20));
    expect(forecast?.exhaustedAt?.getTime()).toBe(START + 1439 * 60_000);
  });

  it("needs half an hour of samples, and uses the newest day", () => {
    expect(forecastConnections(day(() => 1, 29))).toBeUndefined();
    const twoDays = day((minute) => (minute < 1440 ? 90 - minute / 60 : 10 + minute / 60), 2880);
    expect(forecastConnections(twoDays)?.connectionsPerHour).toBeCloseTo(1);
  });

  it("depends on no order, and never predicts a time before the last sample", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 30, maxLength: 90 }), (values) => {
        const samples = day((minute) => values[minute] ?? 0, values.length);
        const forecast = forecastConnections(samples);
        expect(forecastConnections(samples.toReversed())).toEqual(forecast);
        expect(forecast?.fit).toBeGreaterThanOrEqual(0);
        expect(forecast?.fit).toBeLessThanOrEqual(1 + 1e-9);
        const at = forecast?.exhaustedAt?.getTime();
        if (at !== undefined) expect(at).toBeGreaterThanOrEqual(START + (values.length - 1) * 60_000);
      }),
    );
  });
});
