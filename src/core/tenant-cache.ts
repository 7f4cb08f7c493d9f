/**
 * What an isolate remembers of tenants. Each thing is remembered together with the tenant's epoch from before it was
 * loaded: as long as the epoch is the same, nothing has changed, and nobody asks the database. Where the epoch cannot
 * be known, age decides instead, and much sooner; and when loading fails and no change is known of, the old one goes
 * on serving for a while, so that a database that is down does not stop those who were served a moment ago.
 *
 * Nobody waits for a load that another request began: on Workers that request may be cancelled, and its I/O with it,
 * and whoever waits would wait for ever. So a cold key may be loaded by several at once.
 */

import { withTimeout } from "./timers.ts";

export interface Epochs {
  /** As of at most 900 ms ago; undefined when it cannot be had. */
  current(tenantId: string, background: WaitUntil): number | undefined | Promise<number | undefined>;
  /** As `current`, where it is so new that nobody needs to be asked. */
  peek(tenantId: string): number | undefined;
  /** What was known before a moment, however old, so that what was loaded since is at least as new. */
  knownBefore(tenantId: string, moment: number): number | undefined;
}

export type WaitUntil = (work: Promise<unknown>) => void;

export interface LoadedValue<V> {
  readonly value: V;
  /** Whose changes can change it. Undefined: nobody knows, and so age decides. */
  readonly tenantId: string | undefined;
}

interface Entry<V> extends LoadedValue<V> {
  /** When the loading began. */
  readonly loadedAt: number;
  readonly epoch: number | undefined;
  refreshAt: number;
  /** When somebody last waited for a new one in vain. */
  failedAt: number;
}

/** Served without a question until `fresh`, and while a new one is fetched until `stale`. Milliseconds. */
const SAME_EPOCH = { fresh: 45_000, stale: 60_000 };
const UNKNOWN_EPOCH = { fresh: 500, stale: 1000 };
/** Loaded before anything was known of the tenant: good for the request that loaded it, and while nothing better comes. */
const UNCONFIRMED = { fresh: 0, stale: 0 };
/** Served that long when the database does not answer and no change is known. */
const FAILED = 600_000;
/** A refresh that has not come back by then is taken for lost; until then nobody tries or waits for another. */
const REFRESH_TIMEOUT_MS = 5000;
/** Whoever needs a new one waits so long for it before the old one has to do. */
const LOAD_TIMEOUT_MS = 1000;

function computeTimes(now: number | undefined, then: number | undefined) {
  if (now === undefined) return UNKNOWN_EPOCH;
  return now === then ? SAME_EPOCH : UNCONFIRMED;
}

type Load<V> = () => Promise<LoadedValue<V>>;

export class TenantCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #epochs: Epochs;
  readonly #now: () => number;
  readonly #limit: number;

  constructor(epochs: Epochs, options: { now: () => number; limit: number }) {
    this.#epochs = epochs;
    this.#now = options.now;
    this.#limit = options.limit;
  }

  /** `tenantId` where it is known beforehand. */
  get(key: string, load: Load<V>, waitUntil: WaitUntil, tenantId?: string): V | Promise<V> {
    const owner = tenantId ?? this.#entries.get(key)?.tenantId;
    const epoch = owner === undefined ? undefined : this.#epochs.current(owner, waitUntil);
    if (epoch instanceof Promise) return epoch.then((known) => this.#serve(key, known, load, waitUntil));
    return this.#serve(key, epoch, load, waitUntil);
  }

  /** What `get` would return at once and without a question to anybody; undefined where it would ask. */
  peekFresh(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry?.tenantId === undefined) return undefined;
    const epoch = this.#epochs.peek(entry.tenantId);
    const isFresh = epoch !== undefined && epoch === entry.epoch;
    return isFresh && this.#now() - entry.loadedAt < SAME_EPOCH.fresh ? entry.value : undefined;
  }

  /** What is remembered, however old. */
  peek(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  #serve(key: string, epoch: number | undefined, load: Load<V>, waitUntil: WaitUntil): V | Promise<V> {
    const entry = this.#entries.get(key);
    // A change is known of: what was before it is served to nobody, not even while the database is down.
    const changed = epoch !== undefined && entry?.epoch !== undefined && entry.epoch !== epoch;
    if (entry === undefined || changed) return this.#load(key, epoch, load);
    const now = this.#now();
    const age = now - entry.loadedAt;
    const { fresh, stale } = computeTimes(epoch, entry.epoch);
    if (age < fresh) return entry.value;
    if (age >= stale) return this.#loadOrReuse(key, entry, epoch, load, waitUntil);
    if (now - entry.refreshAt >= REFRESH_TIMEOUT_MS) {
      entry.refreshAt = now;
      waitUntil(this.#load(key, epoch, load).catch(() => undefined));
    }
    return entry.value;
  }

  /** The old one while the database fails or hangs, and without waiting once it is known to. */
  async #loadOrReuse(
    key: string,
    entry: Entry<V>,
    epoch: number | undefined,
    load: Load<V>,
    waitUntil: WaitUntil,
  ): Promise<V> {
    const startedAt = this.#now();
    const mayKeep = startedAt - entry.loadedAt < FAILED;
    if (mayKeep && startedAt - entry.failedAt < REFRESH_TIMEOUT_MS) return entry.value;
    const loading = this.#load(key, epoch, load);
    if (!mayKeep) return loading;
    // A load that comes late is kept all the same.
    waitUntil(loading.catch(() => undefined));
    const loaded = loading.then((value) => ({ value }));
    const result = await withTimeout(loaded, LOAD_TIMEOUT_MS).catch(() => undefined);
    if (result !== undefined) return result.value;
    entry.failedAt = this.#now();
    return entry.value;
  }

  async #load(key: string, epoch: number | undefined, load: Load<V>): Promise<V> {
    const loadedAt = this.#now();
    const { value, tenantId } = await load();
    // Only an epoch from before the load vouches for it; a later one may belong to a change that the load has missed.
    const before = tenantId === undefined ? undefined : this.#epochs.knownBefore(tenantId, loadedAt);
    const entry = { value, tenantId, loadedAt, epoch: epoch ?? before };
    // A Map keeps the order of insertion: putting a key in anew makes the first one the longest untouched.
    this.#entries.delete(key);
    const never = Number.NEGATIVE_INFINITY;
    this.#entries.set(key, { ...entry, refreshAt: never, failedAt: never });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest);
    return value;
  }
}
