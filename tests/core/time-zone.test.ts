/** Wall clocks of time zones, at and beside the hours that summer time skips and repeats. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseWallClock, startOfDay } from "../../src/core/time-zone.ts";

describe("a wall-clock time", () => {
  it.each([
    ["2026-01-15T12:00", "UTC", "2026-01-15T12:00:00.000Z"],
    ["2026-01-15T12:00", "Europe/Zurich", "2026-01-15T11:00:00.000Z"],
    ["2026-07-15T12:00", "Europe/Zurich", "2026-07-15T10:00:00.000Z"],
    ["2026-07-15", "America/New_York", "2026-07-15T04:00:00.000Z"],
    ["2026-01-15T00:30", "Asia/Kolkata", "2026-01-14T19:00:00.000Z"],
    // Repeated at the end of summer time: the first.
    ["2026-10-25T02:30", "Europe/Zurich", "2026-10-25T00:30:00.000Z"],
  ])("%s in %s is %s", (text, zone, instant) => {
    expect(parseWallClock(text, zone)?.toISOString()).toBe(instant);
  });

  it("is the inverse of what the zone's clock shows", () => {
    const zones = fc.constantFrom(
      "UTC",
      "Europe/Zurich",
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
    );
    const minutes = fc.integer({ min: 0, max: 60 * 24 * 365 * 10 });
    fc.assert(
      fc.property(zones, minutes, (zone, minute) => {
        const at = new Date(Date.UTC(2020, 0, 1) + minute * 60_000);
        const shown = new Intl.DateTimeFormat("sv-SE", {
          ...{
            timeZone: zone,
            year: "numeric",
            month: "2-digit",
            day: "2-digit",
            hour: "2-digit",
            minute: "2-digit",
          },
        })
          .format(at)
          .replace(" ", "T");
        const back = parseWallClock(shown, zone)?.getTime() ?? 0;
        // An hour that is repeated has two instants.
        expect([0, 1_800_000, 3_600_000]).toContain(at.getTime() - back);
      }),
    );
  });

  it("is undefined where it is no time", () => {
    for (const text of ["", "soon", "2026-13-01T00:00", "2026-01-15T12:00Z"]) {
      expect(parseWallClock(text, "UTC")).toBeUndefined();
    }
  });
});

it("starts days at the zone's midnight", () => {
  const now = new Date("2026-03-29T22:30:00Z");
  expect(startOfDay(now, "UTC").toISOString()).toBe("2026-03-29T00:00:00.000Z");
  expect(startOfDay(now, "Europe/Zurich").toISOString()).toBe("2026-03-29T22:00:00.000Z");
  // The day on which summer time begins has 23 hours.
  expect(startOfDay(now, "Europe/Zurich", 1).toISOString()).toBe("2026-03-28T23:00:00.000Z");
});
