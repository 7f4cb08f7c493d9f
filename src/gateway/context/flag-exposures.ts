import { BoundedMap } from "../../core/bounded-map.ts";
import { HOUR_MS } from "../../core/durations.ts";

const MAX_ENTRIES = 20_000;

/** Limits reported exposures to one per subject, flag and hour in an isolate. */
export class FlagExposures {
  readonly #reported = new BoundedMap<string, number>(MAX_ENTRIES);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  isNew(what: string): boolean {
    const now = this.#now();
    if (now - (this.#reported.get(what) ?? Number.NEGATIVE_INFINITY) < HOUR_MS) return false;
    this.#reported.set(what, now);
    return true;
  }
}
