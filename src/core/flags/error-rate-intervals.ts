/**
 * Confidence intervals of error rates, for the comparison of two variants. Wilson's score interval holds also for few
 * calls and for rates near 0 and 1, where the normal approximation does not (E. B. Wilson, 1927); the difference of two
 * rates has the interval that R. G. Newcombe builds from two of them (1998, method 10).
 */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Difference extends Interval {
  readonly value: number;
}

/** Errors among calls. */
export interface ErrorCount {
  readonly errors: number;
  readonly calls: number;
}

/** The quantile of the standard normal distribution for 95 %. */
const Z = 1.959963984540054;

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/** Returns undefined without calls. */
export function wilsonInterval({ errors, calls }: ErrorCount): Interval | undefined {
  if (calls === 0) return undefined;
  const rate = errors / calls;
  const weight = (Z * Z) / calls;
  const center = (rate + weight / 2) / (1 + weight);
  const margin = (Z * Math.sqrt((rate * (1 - rate)) / calls + weight / (4 * calls))) / (1 + weight);
  // Rounding must not move a bound past the rate itself.
  return { low: clamp(Math.min(center - margin, rate)), high: clamp(Math.max(center + margin, rate)) };
}

/** The error rate of `one` minus that of `other`. Returns undefined if one of them has no calls. */
export function newcombeDifference(one: ErrorCount, other: ErrorCount): Difference | undefined {
  const [ofOne, ofOther] = [wilsonInterval(one), wilsonInterval(other)];
  if (ofOne === undefined || ofOther === undefined) return undefined;
  const [rate, otherRate] = [one.errors / one.calls, other.errors / other.calls];
  const value = rate - otherRate;
  return {
    value,
    low: Math.max(-1, value - Math.hypot(rate - ofOne.low, ofOther.high - otherRate)),
    high: Math.min(1, value + Math.hypot(ofOne.high - rate, otherRate - ofOther.low)),
  };
}
