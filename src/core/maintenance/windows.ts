/** Maintenance windows, once or again and again: is a server in one now, until when, and how long that answer holds. */

import { Cron } from "croner";
import { BoundedMap } from "../bounded-map.ts";

export interface MaintenanceWindow {
  /** Null: every server that the window's owner has. */
  readonly serverId: string | null;
  readonly title: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** Five fields of cron; each occurrence lasts as long as the first. Null: once. */
  readonly recurrence: string | null;
  readonly timeZone: string;
}

export interface ActiveMaintenance {
  readonly title: string;
  readonly endsAt: Date;
}

export interface WindowState {
  readonly maintenance: ActiveMaintenance | undefined;
  /** Milliseconds since the epoch; nothing changes before. */
  readonly until: number;
}

/** Occurrences that overlap without end would otherwise be followed for ever. */
const MAX_CONSECUTIVE = 1000;

export function isRecurrence(text: string, timeZone = "UTC"): boolean {
  return getCron(text, timeZone)?.nextRun(new Date(0)) != null;
}

/** Of one server, or of none in particular. */
export function activeWindow(
  windows: readonly MaintenanceWindow[],
  serverId: string,
  now: Date,
): WindowState {
  const states = windows
    .filter((window) => window.serverId === null || window.serverId === serverId)
    .map((window) => windowState(window, now));
  const inside = states.flatMap(({ maintenance }) => maintenance ?? []);
  const last = inside.toSorted((left, right) => right.endsAt.getTime() - left.endsAt.getTime())[0];
  return {
    maintenance: last,
    until: Math.min(Number.POSITIVE_INFINITY, ...states.map(({ until }) => until)),
  };
}

function windowState(window: MaintenanceWindow, now: Date): WindowState {
  const { startsAt, endsAt, recurrence, title } = window;
  if (recurrence === null || now < startsAt) return once(window, now);
  const cron = getCron(recurrence, window.timeZone);
  if (cron === undefined) return once(window, now);
  const lasts = endsAt.getTime() - startsAt.getTime();
  let end = now < endsAt ? endsAt.getTime() : now.getTime();
  // Whatever began less than its length ago is still going on. Croner looks for runs after a moment, exclusively.
  let run = cron.nextRun(new Date(now.getTime() - lasts));
  let isInside = now < endsAt;
  for (let runs = 0; run !== null && runs < MAX_CONSECUTIVE; runs += 1) {
    const limit = isInside ? end : now.getTime();
    if (run.getTime() > limit) break;
    if (run.getTime() >= startsAt.getTime()) {
      isInside = true;
      end = Math.max(end, run.getTime() + lasts);
    }
    run = cron.nextRun(run);
  }
  if (isInside) return { maintenance: { title, endsAt: new Date(end) }, until: end };
  return { maintenance: undefined, until: run?.getTime() ?? Number.POSITIVE_INFINITY };
}

function once({ startsAt, endsAt, title }: MaintenanceWindow, now: Date): WindowState {
  if (now < startsAt) return { maintenance: undefined, until: startsAt.getTime() };
  if (now < endsAt) return { maintenance: { title, endsAt }, until: endsAt.getTime() };
  return { maintenance: undefined, until: Number.POSITIVE_INFINITY };
}

const MAX_CACHED_CRONS = 1000;
const crons = new BoundedMap<string, Cron | undefined>(MAX_CACHED_CRONS);

/** Undefined for what is none. Reading one is slow, and few are different. */
function getCron(text: string, timeZone: string): Cron | undefined {
  const key = `${timeZone} ${text}`;
  if (crons.has(key)) return crons.get(key);
  const cron = parseCron(text, timeZone);
  crons.set(key, cron);
  return cron;
}

function parseCron(text: string, timezone: string): Cron | undefined {
  try {
    const cron = new Cron(text, { mode: "5-part", timezone, paused: true });
    cron.nextRun();
    return cron;
  } catch {
    return undefined;
  }
}

export interface Occurrence {
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** When a window is open between two moments, first things first. */
export function listOccurrences(
  window: MaintenanceWindow,
  from: Date,
  to: Date,
  most: number,
): readonly Occurrence[] {
  const lasts = window.endsAt.getTime() - window.startsAt.getTime();
  const first = { startsAt: window.startsAt, endsAt: window.endsAt };
  const overlaps = ({ startsAt, endsAt }: Occurrence) => startsAt < to && endsAt > from;
  const found: Occurrence[] = overlaps(first) ? [first] : [];
  if (window.recurrence === null) return found;
  const cron = getCron(window.recurrence, window.timeZone);
  // What began before may still be open; the first is there already. Croner looks for runs after a moment.
  const begin = Math.max(from.getTime() - lasts - 1000, window.startsAt.getTime());
  let run = cron?.nextRun(new Date(begin)) ?? null;
  while (run !== null && run < to && found.length < most) {
    const occurrence = { startsAt: run, endsAt: new Date(run.getTime() + lasts) };
    if (overlaps(occurrence)) found.push(occurrence);
    run = cron?.nextRun(run) ?? null;
  }
  return found;
}
