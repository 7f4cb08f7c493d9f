/** IANA time zones: their names, and wall-clock times as instants. */

const parts = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = parts.get(timeZone);
  if (known !== undefined) return known;
  const created = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  parts.set(timeZone, created);
  return created;
}

/** The wall clock of the zone at an instant, as if it were UTC. */
function wallClock(at: number, timeZone: string): number {
  const fields = new Map(
    formatterOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const field = (name: Intl.DateTimeFormatPartTypes) => fields.get(name) ?? 0;
  return Date.UTC(
    ...([field("year"), field("month") - 1, field("day")] as const),
    ...([field("hour"), field("minute"), field("second")] as const),
  );
}

/** The instant at which the zone's clock shows this; of an hour that the clock repeats, the first. */
function toInstant(wall: number, timeZone: string): Date {
  const offset = (at: number) => wallClock(at, timeZone) - at;
  const guess = wall - offset(wall);
  const earlier = wall - offset(guess - 3_600_000);
  if (wallClock(earlier, timeZone) === wall) return new Date(Math.min(earlier, wall - offset(guess)));
  return new Date(wall - offset(guess));
}

/** Reads `2026-03-29T14:30` as the zone's wall clock; undefined where it is no time. */
export function parseWallClock(text: string, timeZone: string): Date | undefined {
  const wall = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?$/.test(text)
    ? Date.parse(`${text.length === 10 ? `${text}T00:00` : text}Z`)
    : Number.NaN;
  return Number.isNaN(wall) ? undefined : toInstant(wall, timeZone);
}

/** The instant at which the day began, so many days before the one of `now`. */
export function startOfDay(now: Date, timeZone: string, daysBefore = 0): Date {
  const day = new Date(wallClock(now.getTime(), timeZone));
  return toInstant(
    Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() - daysBefore),
    timeZone,
  );
}

/** The instant at which the month began, so many months before the one of `now`. */
export function startOfMonth(now: Date, timeZone: string, monthsBefore = 0): Date {
  const day = new Date(wallClock(now.getTime(), timeZone));
  return toInstant(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() - monthsBefore), timeZone);
}

/** True for the name of an IANA time zone that the runtime supports. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
