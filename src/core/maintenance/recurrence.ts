/** Recurrences of maintenance windows, as five fields of cron. The MCP path loads this for tenants that have one. */
import { Cron } from "croner";
import { BoundedMap } from "../bounded-map.ts";
import type { CompiledWindow, MaintenanceWindow, NextRun } from "./windows.ts";

export function isRecurrence(text: string, timeZone = "UTC"): boolean {
  return findNextRun(text, timeZone)?.(new Date(0)) != null;
}

export function compileWindow<T extends MaintenanceWindow>(window: T): T & CompiledWindow {
  const { recurrence, timeZone } = window;
  return { ...window, nextRun: recurrence === null ? undefined : findNextRun(recurrence, timeZone) };
}

const MAX_CACHED_CRONS = 1000;
const runs = new BoundedMap<string, NextRun | undefined>(MAX_CACHED_CRONS);

/** Undefined for what is none. Reading one is slow, and few are different. */
function findNextRun(text: string, timeZone: string): NextRun | undefined {
  const key = `${timeZone} ${text}`;
  if (runs.has(key)) return runs.get(key);
  const run = parseCron(text, timeZone);
  runs.set(key, run);
  return run;
}

function parseCron(text: string, timezone: string): NextRun | undefined {
  try {
    const cron = new Cron(text, { mode: "5-part", timezone, paused: true });
    cron.nextRun();
    return (after) => cron.nextRun(after);
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
  const nextRun = findNextRun(window.recurrence, window.timeZone);
  // What began before may still be open; the first is there already.
  const begin = Math.max(from.getTime() - lasts - 1000, window.startsAt.getTime());
  let run = nextRun?.(new Date(begin)) ?? null;
  while (run !== null && run < to && found.length < most) {
    const occurrence = { startsAt: run, endsAt: new Date(run.getTime() + lasts) };
    if (overlaps(occurrence)) found.push(occurrence);
    run = nextRun?.(run) ?? null;
  }
  return found;
}
