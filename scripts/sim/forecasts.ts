// How far off the forecast is, beside the forecasts "as a minute ago" and "as yesterday at this time".
import { addObservation, createForecaster, forecast } from "../../src/core/limits/algorithms/forecast.ts";
import type { Shape } from "./shapes.ts";

const DAY = 1440;
/** Two days of samples before the forecast. */
const FROM = 2 * DAY;

export interface Judged {
  readonly name: string;
  readonly meanDemand: number;
  /** Mean absolute errors, requests a minute, so many minutes ahead. */
  readonly errors: readonly { readonly ahead: number; ours: number; naive: number; seasonalNaive: number }[];
}

export function judge({ name, minutes }: Shape, horizons = [1, 5, 15]): Judged {
  let known = createForecaster(0);
  const errors = horizons.map((ahead) => ({ ahead, ours: 0, naive: 0, seasonalNaive: 0 }));
  const counts = horizons.map(() => 0);
  let sum = 0;
  let seen = 0;
  let last = 0;
  for (const [minute, reported] of minutes.entries()) {
    const requests = reported ?? undefined;
    known = addObservation(known, minute, requests);
    last = requests ?? last;
    if (requests !== undefined) {
      sum += requests;
      seen += 1;
    }
    if (minute < FROM) continue;
    for (const [at, error] of errors.entries()) {
      const truth = minutes[minute + error.ahead];
      const yesterday = minutes[minute + error.ahead - DAY] ?? last;
      if (truth === undefined || truth === null) continue;
      counts[at] = (counts[at] ?? 0) + 1;
      error.ours += Math.abs(forecast(known, error.ahead) - truth);
      error.naive += Math.abs(last - truth);
      error.seasonalNaive += Math.abs(yesterday - truth);
    }
  }
  for (const [at, error] of errors.entries()) {
    const count = Math.max(1, counts[at] ?? 0);
    error.ours /= count;
    error.naive /= count;
    error.seasonalNaive /= count;
  }
  return { name, meanDemand: sum / Math.max(1, seen), errors };
}
