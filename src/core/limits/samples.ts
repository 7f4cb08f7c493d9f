/** Requests a minute, a day of them: what a tenant's object keeps to learn when its tenant is busy. */
export const MINUTE_MS = 60_000;
export const MINUTES_A_DAY = 1440;

export const minuteOf = (now: number) => Math.floor(now / MINUTE_MS);

export interface Sample {
  /** Since 1970. */
  readonly minute: number;
  readonly requests: number;
}

/** Counts the minute that runs; those that are over come out, oldest first, quiet ones too. */
export class MinuteCounter {
  #minute: number;
  #requests = 0;

  constructor(now: number) {
    this.#minute = minuteOf(now);
  }

  /** At most a day of quiet minutes comes out; a longer silence is a gap, of which nothing is known. */
  count(requests: number, now: number): Sample[] {
    const minute = minuteOf(now);
    const over: Sample[] = [];
    if (minute > this.#minute) {
      over.push({ minute: this.#minute, requests: this.#requests });
      const from = Math.max(this.#minute + 1, minute - MINUTES_A_DAY);
      for (let quiet = from; quiet < minute; quiet += 1) over.push({ minute: quiet, requests: 0 });
      this.#minute = minute;
      this.#requests = 0;
    }
    this.#requests += requests;
    return over;
  }
}
