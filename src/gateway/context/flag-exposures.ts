const HOUR_MS = 3_600_000;
const MAX_ENTRIES = 20_000;

/** Limits reported exposures to one per subject, flag and hour in an isolate. */
export class FlagExposures {
  readonly #reported = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  isNew(what: string): boolean {
    const now = this.#now();
    if (now - (this.#reported.get(what) ?? Number.NEGATIVE_INFINITY) < HOUR_MS) return false;
    if (this.#reported.size >= MAX_ENTRIES) this.#reported.clear();
    this.#reported.set(what, now);
    return true;
  }
}
