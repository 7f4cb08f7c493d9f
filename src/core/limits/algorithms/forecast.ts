/**
 * Forecasts the requests of a tenant: additive Holt–Winters with a season of one day and a damped trend (Gardner &
 * McKenzie 1985), updated minute by minute. Deviations for traffic: the first day is only collected and initializes the
 * season; the error is clipped to its usual size, so that a single outlier does not distort the day, unless several
 * follow each other; and a missing minute advances time without an update.
 */
import { MINUTES_PER_DAY } from "./samples.ts";

export interface Forecaster {
  readonly level: number;
  readonly trend: number;
  /** Usual size of a surprise. */
  readonly spread: number;
  /** Surprises in a row that were cut, positive or negative. */
  readonly streak: number;
  /** The last recorded minute, in minutes since 1970. */
  readonly minute: number;
  readonly begun: number;
  /** The seasonal difference per slot of the day (UTC). During the first day: the sum of the recorded values. */
  readonly season: readonly number[];
  /** By part of the day: how many minutes have taught it. */
  readonly taught: readonly number[];
  readonly hasSeason: boolean;
}

/** Chosen by `npm run sim` over its shapes; the forecast is not sensitive to them. */
const ALPHA = 0.15;
const BETA = 0.002;
const GAMMA = 0.3;
const DAMPING = 0.95;
const SPREAD = 0.05;
/** Without a season the level has to follow the day. */
const ALPHA_FIRST_DAY = 0.3;
const MAX_SURPRISE = 4;
const SURPRISES_FOR_CHANGE = 3;
/** A day changes slowly beside a minute: these teach one part of it together, and one day's noise is less in it. */
const PART_MINUTES = 10;
const PARTS = MINUTES_PER_DAY / PART_MINUTES;

export function createForecaster(minute: number): Forecaster {
  const zeros = Array<number>(PARTS).fill(0);
  const none = { level: 0, trend: 0, spread: 1, streak: 0, hasSeason: false };
  return { ...none, minute: minute - 1, begun: minute, season: zeros, taught: zeros };
}

/** `requests` undefined: nothing is known of that minute. */
export function addObservation(before: Forecaster, minute: number, requests: number | undefined): Forecaster {
  if (minute <= before.minute) return before;
  const isDayOver = !before.hasSeason && minute - before.begun >= MINUTES_PER_DAY;
  const known = isDayOver ? startSeason(before) : before;
  const steps = minute - known.minute;
  const drifted = known.level + known.trend * dampedSum(steps);
  const trend = known.trend * DAMPING ** steps;
  if (requests === undefined) return { ...known, level: drifted, trend, minute };

  const raw = requests - drifted - seasonAt(known, minute);
  const most = MAX_SURPRISE * known.spread;
  const isCut = Math.abs(raw) > most;
  const streak = isCut ? (raw > 0 ? Math.max(0, known.streak) + 1 : Math.min(0, known.streak) - 1) : 0;
  const isChange = Math.abs(streak) >= SURPRISES_FOR_CHANGE;
  const surprise = isChange ? raw : Math.max(-most, Math.min(most, raw));
  const isFirst = !hasObservations(known);
  const alpha = isFirst ? 1 : known.hasSeason ? ALPHA : ALPHA_FIRST_DAY;
  const level = isFirst ? requests : drifted + alpha * surprise;
  return {
    ...known,
    ...updateSeason(known, minute, known.hasSeason ? surprise : requests),
    level,
    trend: known.hasSeason ? trend + BETA * (level - drifted) : 0,
    spread: Math.max(1, known.spread + SPREAD * (Math.min(Math.abs(raw), 2 * most) - known.spread)),
    streak,
    minute,
  };
}

/** Before that there is nothing to forecast by. */
export const hasObservations = ({ taught, hasSeason }: Forecaster) =>
  hasSeason || taught.some((minutes) => minutes > 0);

/** Returns the expected requests per minute, `ahead` minutes after the last recorded one; at least 0. */
export function forecast(known: Forecaster, ahead: number): number {
  const level = known.level + known.trend * dampedSum(ahead);
  return Math.max(0, level + seasonAt(known, known.minute + ahead));
}

/** What to keep ready for the next minutes: the most that is forecast for any of them, and what it usually errs by. */
export function expectedPeak(known: Forecaster, minutes: number): number {
  if (!known.hasSeason) return 0;
  let peak = 0;
  for (let ahead = 1; ahead <= minutes; ahead += 1) peak = Math.max(peak, forecast(known, ahead));
  return peak === 0 ? 0 : Math.ceil(peak + known.spread);
}

const dampedSum = (steps: number) => (DAMPING * (1 - DAMPING ** steps)) / (1 - DAMPING);

const seasonPart = (minute: number) => Math.floor((minute % MINUTES_PER_DAY) / PART_MINUTES);

function updateSeason({ season, taught, hasSeason }: Forecaster, minute: number, lesson: number) {
  const part = seasonPart(minute);
  const minutes = (taught[part] ?? 0) + 1;
  // A mean over the first days, the book's exponential smoothing later.
  const gamma = hasSeason ? Math.max(GAMMA, PART_MINUTES / minutes) / PART_MINUTES : 1;
  const next = (season[part] ?? 0) + gamma * (hasSeason ? 1 - ALPHA : 1) * lesson;
  return { season: season.with(part, next), taught: taught.with(part, minutes) };
}

function startSeason(known: Forecaster): Forecaster {
  const { season, taught } = known;
  const minutes = taught.reduce((sum, count) => sum + count, 0);
  if (minutes === 0) return { ...known, begun: known.minute + 1 };
  const mean = season.reduce((sum, observed) => sum + observed, 0) / minutes;
  const parts = season.map((observed, part) => {
    const count = taught[part] ?? 0;
    return count === 0 ? 0 : observed / count - mean;
  });
  // The level goes on from where the day stands, not from the day's mean: yesterday need not be like today.
  return {
    ...known,
    season: parts,
    hasSeason: true,
    level: known.level - (parts[seasonPart(known.minute)] ?? 0),
  };
}

function seasonAt({ season, hasSeason }: Forecaster, minute: number): number {
  return hasSeason ? (season[seasonPart(minute)] ?? 0) : 0;
}
