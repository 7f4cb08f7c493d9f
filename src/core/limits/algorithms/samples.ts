/** Requests a minute, a day of them: what a tenant's object keeps to predict when its tenant is busy. */
import { MINUTE_MS } from "../../durations.ts";
export const MINUTES_PER_DAY = 1440;

export const toMinute = (now: number) => Math.floor(now / MINUTE_MS);

export interface Sample {
  /** Since 1970. */
  readonly minute: number;
  readonly requests: number;
}

/** Counts the minute that runs; those that are over come out, oldest first, quiet ones too. */
export class MinuteCounter {
  #minute: number;
  #requests: number;

  /** `running` is the count from before a restart. Nothing was counted since then, so the minutes between were idle. */
  constructor(now: number, running?: Sample | undefined) {
    this.#minute = running?.minute ?? toMinute(now);
    this.#requests = running?.requests ?? 0;
  }

  /** The minute that is counted now: to be kept where a restart finds it. */
  get running(): Sample {
    return { minute: this.#minute, requests: this.#requests };
  }

  /** At most a day of quiet minutes comes out; a longer silence is a gap, of which nothing is known. */
  count(requests: number, now: number): Sample[] {
    const minute = toMinute(now);
    const over: Sample[] = [];
    if (minute > this.#minute) {
      over.push({ minute: this.#minute, requests: this.#requests });
      const from = Math.max(this.#minute + 1, minute - MINUTES_PER_DAY);
      for (let quiet = from; quiet < minute; quiet += 1) over.push({ minute: quiet, requests: 0 });
      this.#minute = minute;
      this.#requests = 0;
    }
    this.#requests += requests;
    return over;
  }
}
