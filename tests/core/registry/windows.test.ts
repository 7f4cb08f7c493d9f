import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRecurrence, maintenanceAt, type Window } from "../../../src/core/registry/windows.ts";

const at = (text: string) => new Date(`${text}Z`);

const window = (more: Partial<Window> = {}): Window => ({
  serverId: null,
  title: "Patching",
  startsAt: at("2026-03-02T02:00:00"),
  endsAt: at("2026-03-02T04:00:00"),
  recurrence: null,
  timeZone: "UTC",
  ...more,
});

/** When it ends, if it is on. */
const endAt = (windows: readonly Window[], now: string, serverId = "s") =>
  maintenanceAt(windows, serverId, at(now)).maintenance?.endsAt.toISOString().slice(0, 19);

describe("a window", () => {
  const WEEKLY = { recurrence: "0 2 * * 1" };
  // Nine in the evening in New York; the clocks go forward on 8 March 2026.
  const IN_NEW_YORK = {
    startsAt: at("2026-03-02T02:00:00"),
    endsAt: at("2026-03-02T03:00:00"),
    recurrence: "0 21 * * *",
    timeZone: "America/New_York",
  };

  it.each<[string, Partial<Window>, string, string | undefined]>([
    ["before it", {}, "2026-03-02T01:59:59", undefined],
    ["at its start", {}, "2026-03-02T02:00:00", "2026-03-02T04:00:00"],
    ["in it", {}, "2026-03-02T03:59:59", "2026-03-02T04:00:00"],
    ["at its end", {}, "2026-03-02T04:00:00", undefined],
    ["a week later, once", {}, "2026-03-09T03:00:00", undefined],
    ["a week later, weekly", WEEKLY, "2026-03-09T03:00:00", "2026-03-09T04:00:00"],
    ["at a later start", WEEKLY, "2026-03-09T02:00:00", "2026-03-09T04:00:00"],
    ["at a later end", WEEKLY, "2026-03-09T04:00:00", undefined],
    ["between two", WEEKLY, "2026-03-10T03:00:00", undefined],
    ["a week before the first", WEEKLY, "2026-02-23T03:00:00", undefined],
    ["by another clock, in winter", IN_NEW_YORK, "2026-03-06T02:30:00", "2026-03-06T03:00:00"],
    ["by another clock, in summer", IN_NEW_YORK, "2026-03-10T01:30:00", "2026-03-10T02:00:00"],
    ["by another clock, not by ours", IN_NEW_YORK, "2026-03-10T02:30:00", undefined],
    ["of no sense", { recurrence: "whenever" }, "2026-03-09T03:00:00", undefined],
    ["of no sense, in the first", { recurrence: "whenever" }, "2026-03-02T03:00:00", "2026-03-02T04:00:00"],
  ])("%s", (_when, more, now, end) => expect(endAt([window(more)], now)).toBe(end));

  it("holds for its server, or for all", () => {
    const own = window({ serverId: "own" });
    expect(endAt([own], "2026-03-02T03:00:00", "own")).toBeDefined();
    expect(endAt([own], "2026-03-02T03:00:00", "other")).toBeUndefined();
    expect(endAt([window()], "2026-03-02T03:00:00", "other")).toBeDefined();
  });

  it("that runs into the next ends with that", () => {
    const overlapping = window({ recurrence: "0 * * * *", endsAt: at("2026-03-02T03:30:00") });
    const { maintenance, until } = maintenanceAt([overlapping], "s", at("2026-03-05T12:10:00"));
    expect(maintenance).toBeDefined();
    expect(until).toBeGreaterThan(at("2026-03-10T00:00:00").getTime());
  });

  it("tells until when nothing changes", () => {
    const pairs = fc.tuple(fc.integer({ min: 0, max: 30 * 1440 }), fc.integer({ min: 1, max: 600 }));
    const recurrence = fc.constantFrom("0 2 * * 1", "30 4 * * *", "*/90 * * * *", "15 23 1 * *", null);
    fc.assert(
      fc.property(
        pairs,
        recurrence,
        fc.integer({ min: 0, max: 60 * 1440 }),
        ([start, length], cron, minute) => {
          const startsAt = new Date(at("2026-03-01T00:00:00").getTime() + start * 60_000);
          const one = window({
            startsAt,
            endsAt: new Date(startsAt.getTime() + length * 60_000),
            recurrence: cron,
          });
          const now = new Date(at("2026-03-01T00:00:00").getTime() + minute * 60_000 + 1000);
          const { maintenance, until } = maintenanceAt([one], "s", now);
          expect(until).toBeGreaterThan(now.getTime());
          for (const part of [0.1, 0.5, 0.999]) {
            const between = new Date(now.getTime() + Math.min(until - now.getTime() - 1, 1e10) * part);
            expect(maintenanceAt([one], "s", between).maintenance === undefined).toBe(
              maintenance === undefined,
            );
          }
        },
      ),
    );
  });
});

it.each([
  ["0 2 * * 1", true],
  ["*/5 * * * *", true],
  ["0 0 1 1 *", true],
  ["* * * * * *", false],
  ["whenever", false],
  ["", false],
  ["61 * * * *", false],
  ["0 0 31 2 *", false],
])("%s is a recurrence: %s", (text, expected) => expect(isRecurrence(text)).toBe(expected));
