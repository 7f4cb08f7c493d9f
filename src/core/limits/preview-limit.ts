/**
 * Computes what a rate limit would have done on past traffic, from its sums by minute: the highest use of a window, and
 * how many requests it would have rejected. Within a minute requests are taken to come together.
 */
import { MINUTE_MS } from "../durations.ts";

export interface PreviewedLimit {
  readonly limitCount: number;
  readonly windowSeconds: number;
  readonly burstFactor: number;
}

export interface MinuteRequests {
  /** When the minute began, in milliseconds since 1970. */
  readonly at: number;
  readonly requests: number;
}

export interface LimitPreview {
  readonly requests: number;
  /** Most requests within one window. */
  readonly highest: number;
  readonly rejected: number;
}

/** `minutes`: of one subject, those with traffic, in ascending order. */
export function previewLimit(limit: PreviewedLimit, minutes: readonly MinuteRequests[]): LimitPreview {
  const windowMs = Math.max(limit.windowSeconds * 1000, MINUTE_MS);
  const capacity = Math.floor(limit.limitCount * limit.burstFactor);
  const sent = new WindowSum(windowMs);
  const admitted = new WindowSum(windowMs);
  let [requests, highest, rejected] = [0, 0, 0];
  for (const minute of minutes) {
    requests += minute.requests;
    highest = Math.max(highest, sent.moveTo(minute.at) + minute.requests);
    sent.add(minute);
    const taken = Math.min(minute.requests, Math.max(0, capacity - admitted.moveTo(minute.at)));
    admitted.add({ at: minute.at, requests: taken });
    rejected += minute.requests - taken;
  }
  return { requests, highest, rejected };
}

/** The sum of the minutes within a window that only moves forward. */
class WindowSum {
  readonly #windowMs: number;
  readonly #minutes: MinuteRequests[] = [];
  #first = 0;
  #sum = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** The sum before the minute that begins at `at`. */
  moveTo(at: number): number {
    for (let oldest = this.#minutes[this.#first]; oldest !== undefined; oldest = this.#minutes[this.#first]) {
      if (oldest.at > at - this.#windowMs) break;
      this.#sum -= oldest.requests;
      this.#first += 1;
    }
    return this.#sum;
  }

  add(minute: MinuteRequests): void {
    this.#minutes.push(minute);
    this.#sum += minute.requests;
  }
}
