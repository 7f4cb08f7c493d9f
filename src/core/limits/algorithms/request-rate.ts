/** How fast requests come just now: what came in the last half second, smoothed a little. */
const SAMPLE_MS = 500;
const SMOOTHING = 0.5;
/** A few requests predict little; without this they would look like thousands a second. */
const MIN_ELAPSED_MS = 100;
const MIN_REQUESTS = 3;

export class RequestRate {
  #since: number;
  #seen = 0;
  #perMs = 0;

  constructor(now: number) {
    this.#since = now;
  }

  count(now: number, requests = 1): void {
    const elapsed = now - this.#since;
    if (elapsed >= SAMPLE_MS) {
      this.#perMs =
        elapsed > 4 * SAMPLE_MS ? 0 : SMOOTHING * this.#perMs + (1 - SMOOTHING) * (this.#seen / elapsed);
      this.#seen = 0;
      this.#since = now;
    }
    this.#seen += requests;
  }

  perMs(now: number): number {
    const elapsed = now - this.#since;
    if (elapsed > 4 * SAMPLE_MS) return 0;
    if (this.#seen <= MIN_REQUESTS) return this.#perMs;
    return Math.max(this.#perMs, this.#seen / Math.max(MIN_ELAPSED_MS, elapsed));
  }
}
