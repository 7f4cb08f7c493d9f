/** Maintenance windows, once or again and again: is a server in one now, until when, and how long that answer holds. */

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

/** The first beginning after a moment, exclusively. */
export type NextRun = (after: Date) => Date | null;

export interface CompiledWindow extends MaintenanceWindow {
  /** Undefined for a window without a valid recurrence. */
  readonly nextRun: NextRun | undefined;
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

/** Of one server, or of none in particular. */
export function activeWindow(windows: readonly CompiledWindow[], serverId: string, now: Date): WindowState {
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

function windowState(window: CompiledWindow, now: Date): WindowState {
  const { startsAt, endsAt, nextRun, title } = window;
  if (nextRun === undefined || now < startsAt) return once(window, now);
  const lasts = endsAt.getTime() - startsAt.getTime();
  let end = now < endsAt ? endsAt.getTime() : now.getTime();
  // Whatever began less than its length ago is still going on.
  let run = nextRun(new Date(now.getTime() - lasts));
  let isInside = now < endsAt;
  for (let runs = 0; run !== null && runs < MAX_CONSECUTIVE; runs += 1) {
    const limit = isInside ? end : now.getTime();
    if (run.getTime() > limit) break;
    if (run.getTime() >= startsAt.getTime()) {
      isInside = true;
      end = Math.max(end, run.getTime() + lasts);
    }
    run = nextRun(run);
  }
  if (isInside) return { maintenance: { title, endsAt: new Date(end) }, until: end };
  return { maintenance: undefined, until: run?.getTime() ?? Number.POSITIVE_INFINITY };
}

function once({ startsAt, endsAt, title }: MaintenanceWindow, now: Date): WindowState {
  if (now < startsAt) return { maintenance: undefined, until: startsAt.getTime() };
  if (now < endsAt) return { maintenance: { title, endsAt }, until: endsAt.getTime() };
  return { maintenance: undefined, until: Number.POSITIVE_INFINITY };
}
