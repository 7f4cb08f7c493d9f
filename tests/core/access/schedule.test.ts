import { describe, expect, it } from "vitest";
import {
  isActiveAt,
  localTime,
  nextScheduleChange,
  type Schedule,
} from "../../../src/core/access/schedule.ts";
import { isTimeZone } from "../../../src/core/time-zone.ts";

const always: Schedule = {
  validFrom: null,
  validUntil: null,
  daysOfWeek: null,
  startTime: null,
  endTime: null,
};
const hours = (startTime: string, endTime: string, daysOfWeek: number[] | null = null): Schedule => ({
  ...always,
  startTime,
  endTime,
  daysOfWeek,
});
const holds = (schedule: Schedule, at: string, zone = "UTC") => {
  const now = new Date(at);
  return isActiveAt(schedule, now, localTime(now, zone));
};

const FRIDAY = 5;

describe("a schedule", () => {
  // 2026-03-13 is a Friday.
  it.each<[string, Schedule, string, boolean]>([
    ["always", always, "2026-03-13T12:00:00Z", true],
    [
      "before its first moment",
      { ...always, validFrom: new Date("2026-03-13T12:00:00Z") },
      "2026-03-13T11:59:59.999Z",
      false,
    ],
    [
      "at its first moment",
      { ...always, validFrom: new Date("2026-03-13T12:00:00Z") },
      "2026-03-13T12:00:00Z",
      true,
    ],
    [
      "just before its last moment",
      { ...always, validUntil: new Date("2026-03-13T12:00:00Z") },
      "2026-03-13T11:59:59.999Z",
      true,
    ],
    [
      "at its last moment",
      { ...always, validUntil: new Date("2026-03-13T12:00:00Z") },
      "2026-03-13T12:00:00Z",
      false,
    ],
    ["on its weekday", { ...always, daysOfWeek: [FRIDAY] }, "2026-03-13T00:00:00Z", true],
    ["on another weekday", { ...always, daysOfWeek: [FRIDAY] }, "2026-03-14T00:00:00Z", false],
    ["on no weekday at all", { ...always, daysOfWeek: [] }, "2026-03-13T00:00:00Z", false],
    ["at its first hour", hours("09:00", "17:00"), "2026-03-13T09:00:00Z", true],
    ["a second before it", hours("09:00", "17:00"), "2026-03-13T08:59:59Z", false],
    ["at its end", hours("09:00:00", "17:00:00"), "2026-03-13T17:00:00Z", false],
    ["over midnight, in the evening", hours("22:00", "06:00", [FRIDAY]), "2026-03-13T23:00:00Z", true],
    ["over midnight, in the small hours", hours("22:00", "06:00", [FRIDAY]), "2026-03-14T05:59:59Z", true],
    ["over midnight, at its end", hours("22:00", "06:00", [FRIDAY]), "2026-03-14T06:00:00Z", false],
    [
      "in small hours that belong to the day before",
      hours("22:00", "06:00", [FRIDAY]),
      "2026-03-13T05:00:00Z",
      false,
    ],
    ["in the small hours of Monday, from Sunday", hours("22:00", "06:00", [7]), "2026-03-16T03:00:00Z", true],
    ["a whole day from noon, before noon", hours("12:00", "12:00", [FRIDAY]), "2026-03-13T11:00:00Z", false],
    [
      "a whole day from noon, the next morning",
      hours("12:00", "12:00", [FRIDAY]),
      "2026-03-14T11:00:00Z",
      true,
    ],
    ["until midnight", hours("22:00", "24:00"), "2026-03-13T23:59:59Z", true],
    ["until midnight, at midnight", hours("22:00", "24:00"), "2026-03-14T00:00:00Z", false],
  ])("%s", (_, schedule, at, expected) => {
    expect(holds(schedule, at)).toBe(expected);
  });

  it("goes by the tenant's clocks, summer time included", () => {
    const office = hours("09:00", "17:00");
    expect(holds(office, "2026-01-15T08:30:00Z", "Europe/Berlin")).toBe(true);
    expect(holds(office, "2026-07-15T07:30:00Z", "Europe/Berlin")).toBe(true);
    expect(holds(office, "2026-01-15T07:30:00Z", "Europe/Berlin")).toBe(false);
    expect(holds({ ...always, daysOfWeek: [FRIDAY] }, "2026-03-12T20:00:00Z", "Asia/Tokyo")).toBe(true);
    expect(localTime(new Date("2026-03-13T18:15:00Z"), "Asia/Kathmandu")).toEqual({ weekday: 6, seconds: 0 });
  });

  it("goes by UTC where the zone is not known", () => {
    expect(isTimeZone("Mars/Olympus")).toBe(false);
    expect(isTimeZone("Europe/Berlin")).toBe(true);
    expect(holds(hours("09:00", "10:00"), "2026-03-13T09:30:00Z", "Mars/Olympus")).toBe(true);
  });
});

describe("a decision", () => {
  const now = new Date("2026-03-13T12:00:30Z");
  it.each<[string, Schedule[], string | undefined]>([
    ["by rules without a time holds for ever", [always], undefined],
    ["holds until a rule begins", [{ ...always, validFrom: new Date("2026-04-01") }], "2026-04-01T00:00:00Z"],
    [
      "holds until a rule ends, not from when it began",
      [{ ...always, validFrom: new Date("2026-01-01"), validUntil: new Date("2026-05-01") }],
      "2026-05-01T00:00:00Z",
    ],
    ["by hours holds for the minute", [hours("09:00", "17:00"), always], "2026-03-13T12:01:00Z"],
    ["by weekdays too", [{ ...always, daysOfWeek: [1] }], "2026-03-13T12:01:00Z"],
  ])("%s", (_, schedules, until) => {
    expect(nextScheduleChange(schedules, now)).toBe(until === undefined ? Infinity : Date.parse(until));
  });
});
