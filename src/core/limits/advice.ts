/** Advice for the tenant's admins on limits that are hit regularly: they are too low or used too much. */
export interface LimitDay {
  /** Requests refused by the limit in each hour of the day. */
  readonly refusedByHour: readonly number[];
  readonly admitted: number;
}

export interface LimitRecommendation {
  /** Days of those looked at on which the limit was hit in earnest. */
  readonly days: number;
  /** Hours (UTC) in which it was hit on most of these days. */
  readonly hours: readonly number[];
  /** What would have been enough in nine of ten of the worst hours. */
  readonly suggestedFactor: number;
}

/** A few refusals are what a limit is for. */
const MIN_REFUSED_SHARE = 0.02;
const MIN_DAYS = 3;

/** Undefined while nothing is regular about it. Oldest day first. */
export function recommendLimit(days: readonly LimitDay[]): LimitRecommendation | undefined {
  const hit = days.filter(({ refusedByHour, admitted }) => {
    const refused = refusedByHour.reduce((sum, count) => sum + count, 0);
    return refused > 0 && refused >= MIN_REFUSED_SHARE * (refused + admitted);
  });
  if (hit.length < MIN_DAYS) return undefined;
  const hours = Array.from({ length: 24 }, (_, hour) => hour).filter(
    (hour) => hit.filter(({ refusedByHour }) => (refusedByHour[hour] ?? 0) > 0).length * 2 > hit.length,
  );
  const factors = hit.map(({ refusedByHour, admitted }) => {
    const busy = refusedByHour.filter((count) => count > 0);
    const refused = busy.reduce((sum, count) => sum + count, 0);
    // What was admitted is taken as spread over the hours evenly: it errs on the side of more.
    return 1 + refused / Math.max(1, (admitted * busy.length) / 24);
  });
  factors.sort((one, other) => one - other);
  const worst = factors[Math.min(factors.length - 1, Math.floor(factors.length * 0.9))] ?? 1;
  return { days: hit.length, hours, suggestedFactor: Math.ceil(worst * 10) / 10 };
}
