/** How fast requests come just now: what came in the last half second, smoothed a little. */
const TICK_MS = 500;
const KEEP = 0.5;
/** A few requests say little of those to come; without this they would look like thousands a second. */
const AT_LEAST_MS = 250;
const A_FEW = 3;

export class Demand {
  #since: number;
  #seen = 0;
  #perMs = 0;

  constructor(now: number) {
    this.#since = now;
  }

  count(now: number, requests = 1): void {
    const elapsed = now - this.#since;
    if (elapsed >= TICK_MS) {
      this.#perMs = elapsed > 4 * TICK_MS ? 0 : KEEP * this.#perMs + (1 - KEEP) * (this.#seen / elapsed);
      this.#seen = 0;
      this.#since = now;
    }
    this.#seen += requests;
  }

  perMs(now: number): number {
    const elapsed = now - this.#since;
    if (elapsed > 4 * TICK_MS) return 0;
    if (this.#seen <= A_FEW) return this.#perMs;
    return Math.max(this.#perMs, this.#seen / Math.max(AT_LEAST_MS, elapsed));
  }
}
