/** The epoch of an object's configuration, with the time of its latest change. */
import type { ObservedEpoch } from "../core/tenant-cache.ts";

const EPOCH = "epoch";
const CHANGED_AT = "epoch changed at";
/** The object may have moved since the change, to a machine whose clock differs by this much. */
const CLOCK_MARGIN_MS = 1000;

export class EpochStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  get(): number {
    return this.#kv.get<number>(EPOCH) ?? 0;
  }

  /** The epoch and for how long it has been the same: what an isolate began to load within this time is current. */
  observe(now: number): ObservedEpoch {
    const epoch = this.get();
    if (epoch === 0) return { epoch, ageMs: Number.POSITIVE_INFINITY };
    // Unknown for an epoch from before times were kept.
    const changedAt = this.#kv.get<number>(CHANGED_AT) ?? Number.POSITIVE_INFINITY;
    return { epoch, ageMs: Math.max(0, now - changedAt - CLOCK_MARGIN_MS) };
  }

  bump(now: number): number {
    const next = this.get() + 1;
    this.#kv.put(EPOCH, next);
    this.#kv.put(CHANGED_AT, now);
    return next;
  }
}
