// Random numbers that repeat with their seed, for simulations and tests.

export type Random = () => number;

/** mulberry32: small, fast, and good enough for traffic. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to below `count`. */
export const integerBelow = (random: Random, count: number) => Math.floor(random() * count);

export function pick<T>(random: Random, items: readonly T[]): T {
  const picked = items[integerBelow(random, items.length)];
  if (picked === undefined) throw new RangeError("nothing to pick from");
  return picked;
}

export const exponential = (random: Random, mean: number) => -Math.log(1 - random()) * mean;

export const between = (random: Random, low: number, high: number) => low + random() * (high - low);

/** Normal, by Box and Muller. */
export const normal = (random: Random) =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A Poisson count; for large means its normal approximation. */
export function poisson(random: Random, mean: number): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}
