/** The calls that wait for one server in one isolate, as reports to the tenant's object state them. */
import type { QueueLoad } from "./slots.ts";

/** A call that waits for less has waited for the object's reply, and not for another call. */
const MIN_QUEUED_MS = 100;

export class WaitStatistics {
  /** Since when each call waits, oldest first. */
  readonly #since = new Map<string, number>();
  readonly #counted = new Set<string>();
  #queued = 0;
  /** Calls that were rejected or waited in vain. */
  rejected = 0;

  begin(id: string, now: number): void {
    this.#since.set(id, now);
  }

  end(id: string, now: number): void {
    this.#count(id, this.#since.get(id) ?? now, now);
    this.#since.delete(id);
    this.#counted.delete(id);
  }

  describe(now: number): QueueLoad {
    for (const [id, since] of this.#since) this.#count(id, since, now);
    const [oldest = now] = this.#since.values();
    return {
      waiting: this.#since.size,
      oldestWaitMs: Math.max(0, now - oldest),
      queued: this.#queued,
      rejected: this.rejected,
    };
  }

  #count(id: string, since: number, now: number): void {
    if (now - since < MIN_QUEUED_MS || this.#counted.has(id)) return;
    this.#counted.add(id);
    this.#queued += 1;
  }
}
