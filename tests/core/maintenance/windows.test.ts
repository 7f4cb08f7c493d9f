import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileWindow, isRecurrence, listOccurrences } from "../../../src/core/maintenance/recurrence.ts";
import {
  activeWindow,
  type CompiledWindow,
  type MaintenanceWindow,
} from "../../../src/core/maintenance/windows.ts";

const at = (text: string) => new Date(`${text}Z`);

const window = (more: Partial<MaintenanceWindow> = {}): CompiledWindow =>
  compileWindow({
    serverId: null,
    title: "Patching",
    startsAt: at("2026-03-02T02:00:00"),
    endsAt: at("2026-03-02T04:00:00"),
    recurrence: null,
    timeZone: "UTC",
    ...more,
  });

/** When it ends, if it is on. */
const endAt = (windows: readonly CompiledWindow[], now: string, serverId = "s") =>
  activeWindow(windows, serverId, at(now)).maintenance?.endsAt.toISOString().slice(0, 19);

describe("a window", () => {
  const WEEKLY = { recurrence: "0 2 * * 1" };
  // Nine in the evening in New York; the clocks go forward on 8 March 2026.
  const IN_NEW_YORK = {
    startsAt: at("2026-03-02T02:00:00"),
    endsAt: at("2026-03-02T03:00:00"),
    recurrence: "0 21 * * *",
    timeZone: "America/New_York",
  };

  it.each<[string, Partial<MaintenanceWindow>, string, string | undefined]>([
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
    const { maintenance, until } = activeWindow([overlapping], "s", at("2026-03-05T12:10:00"));
    expect(maintenance).toBeDefined();
    expect(until).toBeGreaterThan(at("2026-03-10T00:00:00").getTime());
  });

  it("returns until when nothing changes", () => {
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
          const { maintenance, until } = activeWindow([one], "s", now);
          expect(until).toBeGreaterThan(now.getTime());
          for (const part of [0.1, 0.5, 0.999]) {
            const between = new Date(now.getTime() + Math.min(until - now.getTime() - 1, 1e10) * part);
            expect(activeWindow([one], "s", between).maintenance === undefined).toBe(
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

describe("the occurrences of a window", () => {
  const WEEK = [at("2026-03-07T00:00:00"), at("2026-03-14T00:00:00")] as const;
  const starts = (more: Partial<MaintenanceWindow>, [from, to]: readonly [Date, Date] = WEEK, most = 100) =>
    listOccurrences(window(more), from, to, most).map(({ startsAt }) => startsAt.toISOString().slice(0, 16));

  it.each<[string, Partial<MaintenanceWindow>, string[]]>([
    ["once, elsewhere", {}, []],
    ["weekly", { recurrence: "0 2 * * 1" }, ["2026-03-09T02:00"]],
    [
      "by another clock, while the clocks change",
      { recurrence: "0 21 * * 0,1", timeZone: "America/New_York" },
      ["2026-03-09T01:00", "2026-03-10T01:00"],
    ],
    ["of no sense", { recurrence: "whenever" }, []],
  ])("%s", (_, more, expected) => expect(starts(more)).toEqual(expected));

  it("begin with what is open already, and are at most the requested number", () => {
    const daily = {
      recurrence: "0 23 * * *",
      startsAt: at("2026-03-01T23:00:00"),
      endsAt: at("2026-03-02T01:00:00"),
    };
    expect(starts(daily)[0]).toBe("2026-03-06T23:00");
    expect(starts(daily, WEEK, 3)).toHaveLength(3);
  });

  it("are just the times when maintenance is on", () => {
    const minutes = fc.integer({ min: 0, max: 20 * 24 * 60 });
    const recurrence = fc.constantFrom(null, "0 2 * * *", "30 */6 * * *", "15 4 * * 1,3", "0 0 1 * *");
    fc.assert(
      fc.property(
        minutes,
        fc.integer({ min: 1, max: 300 }),
        recurrence,
        minutes,
        (start, length, cron, later) => {
          const startsAt = new Date(at("2026-03-01T00:00:00").getTime() + start * 60_000);
          const endsAt = new Date(startsAt.getTime() + length * 60_000);
          const now = new Date(at("2026-03-01T00:00:30").getTime() + later * 60_000);
          const one = window({ startsAt, endsAt, recurrence: cron });
          const day = 24 * 60 * 60_000;
          const near = listOccurrences(
            one,
            new Date(now.getTime() - day),
            new Date(now.getTime() + day),
            1000,
          );
          const isOn = near.some((each) => each.startsAt <= now && now < each.endsAt);
          expect(isOn).toBe(activeWindow([one], "s", now).maintenance !== undefined);
        },
      ),
    );
  });
});
