/** When a rule holds: between two moments, on some weekdays, at some hours, as the clocks of the tenant show them. */
import { isTimeZone } from "../time-zone.ts";
export interface Schedule {
  /** From (inclusive) until (exclusive); null: without end. */
  readonly validFrom: Date | null;
  readonly validUntil: Date | null;
  /** ISO weekdays, Monday 1 to Sunday 7; null: every day. */
  readonly daysOfWeek: readonly number[] | null;
  /** "HH:MM" or "HH:MM:SS". The end is exclusive; one before the start means the next day, one equal to it a whole day. */
  readonly startTime: string | null;
  readonly endTime: string | null;
}

/** What a clock on the tenant's wall shows. */
export interface LocalTime {
  readonly weekday: number;
  /** Seconds since midnight, as shown: on the days when clocks change some are skipped and some come twice. */
  readonly seconds: number;
}

const DAY = 86_400;

export function isActiveAt(schedule: Schedule, now: Date, local: LocalTime): boolean {
  if (schedule.validFrom !== null && now < schedule.validFrom) return false;
  if (schedule.validUntil !== null && now >= schedule.validUntil) return false;
  const isOn = (weekday: number) => schedule.daysOfWeek === null || schedule.daysOfWeek.includes(weekday);
  if (schedule.startTime === null || schedule.endTime === null) return isOn(local.weekday);
  const start = toSeconds(schedule.startTime);
  const end = toSeconds(schedule.endTime);
  if (start < end) return isOn(local.weekday) && local.seconds >= start && local.seconds < end;
  // Over midnight: the hours after it count for the day on which the window opened.
  if (local.seconds >= start) return isOn(local.weekday);
  return local.seconds < end && isOn(local.weekday === 1 ? 7 : local.weekday - 1);
}

/** Until when nothing changes by the mere passing of time: decisions made at `now` hold that long. */
export function nextScheduleChange(schedules: Iterable<Schedule>, now: Date): number {
  const time = now.getTime();
  let next = Number.POSITIVE_INFINITY;
  for (const { validFrom, validUntil, daysOfWeek, startTime } of schedules) {
    for (const moment of [validFrom, validUntil]) {
      if (moment !== null && moment.getTime() > time) next = Math.min(next, moment.getTime());
    }
    // Every zone in use is whole minutes away from UTC, and hours are given in minutes.
    if (daysOfWeek !== null || startTime !== null)
      next = Math.min(next, (Math.floor(time / 60_000) + 1) * 60_000);
  }
  return next;
}

function toSeconds(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return (hours * 3600 + minutes * 60 + seconds) % DAY;
}

const WEEKDAYS: Readonly<Record<string, number>> = { Mon: 1, Tue: 2, Wed: 3, Thu: 4, Fri: 5, Sat: 6, Sun: 7 };

/** Making one is slow, and there are few zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

export function localTime(now: Date, timeZone: string): LocalTime {
  const parts: Partial<Record<string, string>> = {};
  for (const { type, value } of getFormat(timeZone).formatToParts(now)) parts[type] = value;
  const [hours, minutes, seconds] = [parts.hour, parts.minute, parts.second].map(Number);
  return {
    weekday: WEEKDAYS[parts.weekday ?? ""] ?? 1,
    seconds: (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0),
  };
}

function getFormat(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      // A time zone that the runtime does not support must not stop a tenant's traffic.
      timeZone: isTimeZone(timeZone) ? timeZone : "UTC",
      hourCycle: "h23",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(timeZone, format);
  }
  return format;
}
