/**
 * Caches tenant data in an isolate. A value is stored with the tenant epoch from before it was loaded; while the epoch
 * is unchanged, the value is current and needs no query. If the epoch is unavailable, a much shorter age limit applies.
 * If loading fails and no change is known, the old value is served for a while, so that a database outage does not stop
 * active tenants.
 *
 * A request never awaits a load that another request started: on Workers that request may be canceled together with its
 * I/O, and the promise would never settle. A cold key may therefore be loaded several times at once.
 */

import { withTimeout } from "./timers.ts";

export interface Epochs {
  /** As of at most 900 ms ago; undefined when it cannot be had. */
  current(tenantId: string, background: WaitUntil): number | undefined | Promise<number | undefined>;
  /** As `current`, if it is recent enough to need no I/O. */
  peek(tenantId: string): number | undefined;
  /**
   * The newest that is known, however old, if it has been the epoch since before a moment: what was loaded from then on
   * is at least as new. Undefined also where nothing is known.
   */
  knownBefore(tenantId: string, moment: number): number | undefined;
}

/** The epoch as the tenant's object has it, and for how long it has been the same. */
export interface ObservedEpoch {
  readonly epoch: number;
  readonly ageMs: number;
}

export type WaitUntil = (work: Promise<unknown>) => void;

export interface LoadedValue<V> {
  readonly value: V;
  /** The tenant whose changes invalidate the value. Undefined if unknown; age decides then. */
  readonly tenantId: string | undefined;
}

interface Entry<V> extends LoadedValue<V> {
  /** When the loading began. */
  readonly loadedAt: number;
  epoch: number | undefined;
  refreshAt: number;
  /** When a caller last waited for a reload that failed. */
  failedAt: number;
}

/** Served without a question until `fresh`, and while a new one is fetched until `stale`. Milliseconds. */
const SAME_EPOCH = { fresh: 45_000, stale: 60_000 };
const UNKNOWN_EPOCH = { fresh: 500, stale: 1000 };
/** Loaded before anything was known of the tenant: good for the request that loaded it, and while nothing better comes. */
const UNCONFIRMED = { fresh: 0, stale: 0 };
/** Served that long when the database does not answer and no change is known. */
const FAILED = 600_000;
/** A refresh counts as lost after this time; until then no other is started. */
const REFRESH_TIMEOUT_MS = 5000;
/** How long a caller waits for a reload before the old value is served. */
const LOAD_TIMEOUT_MS = 1000;

function computeTimes(now: number | undefined, then: number | undefined) {
  if (now === undefined) return UNKNOWN_EPOCH;
  return now === then ? SAME_EPOCH : UNCONFIRMED;
}

/** `listCurrent` returns these: they are sent with a query, and few isolates load more tenants in a minute. */
const MAX_RECENT = 50;

type Load<V> = () => Promise<LoadedValue<V>>;

export class TenantCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #recent: string[] = [];
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
    const entry = this.#entries.get(key);
    const owner = tenantId ?? entry?.tenantId;
    if (entry !== undefined && this.#isJustLoaded(entry)) return entry.value;
    const epoch = owner === undefined ? undefined : this.#epochs.current(owner, waitUntil);
    if (epoch instanceof Promise) return epoch.then((known) => this.#serve(key, known, load, waitUntil));
    return this.#serve(key, epoch, load, waitUntil);
  }

  /** Returns what `get` would return without I/O, or undefined if it would load. */
  peekFresh(key: string): V | undefined {
    return this.isFresh(key) ? this.peek(key) : undefined;
  }

  /** Whether `get` would return a value without I/O, be it undefined. */
  isFresh(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    const age = this.#now() - entry.loadedAt;
    if (entry.tenantId === undefined) return age < UNKNOWN_EPOCH.fresh;
    const epoch = this.#epochs.peek(entry.tenantId);
    return epoch !== undefined && epoch === this.#confirmEpoch(entry) && age < SAME_EPOCH.fresh;
  }

  /** Keeps a value that was loaded together with another; `loadedAt`: when that load began. */
  keep(key: string, loaded: LoadedValue<V>, loadedAt: number): void {
    const known = this.#entries.get(key);
    if (known === undefined || known.loadedAt < loadedAt) this.#store(key, loaded, loadedAt, undefined);
  }

  /** Of the keys that were loaded last, those whose values would be served without a load. */
  listCurrent(): string[] {
    return [...new Set(this.#recent)].filter((key) => {
      const entry = this.#entries.get(key);
      return entry !== undefined && (this.isFresh(key) || this.#isJustLoaded(entry));
    });
  }

  /** The cached value, however old. */
  peek(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The first load of a tenant of which nothing is known: served by its age, without loading the epoch first. */
  #isJustLoaded({ tenantId, loadedAt, epoch }: Entry<V>): boolean {
    const isYoung = this.#now() - loadedAt < UNKNOWN_EPOCH.fresh;
    if (!isYoung || tenantId === undefined || epoch !== undefined) return false;
    return this.#epochs.knownBefore(tenantId, Number.POSITIVE_INFINITY) === undefined;
  }

  /** The epoch may have become known only after the value was loaded. */
  #confirmEpoch(entry: Entry<V>): number | undefined {
    if (entry.tenantId !== undefined) {
      entry.epoch ??= this.#epochs.knownBefore(entry.tenantId, entry.loadedAt);
    }
    return entry.epoch;
  }

  #serve(key: string, epoch: number | undefined, load: Load<V>, waitUntil: WaitUntil): V | Promise<V> {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#confirmEpoch(entry);
    // A value from before a known change is never served, not even during a database outage.
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
    const loaded = await load();
    this.#store(key, loaded, loadedAt, epoch);
    return loaded.value;
  }

  #store(
    key: string,
    { value, tenantId }: LoadedValue<V>,
    loadedAt: number,
    epoch: number | undefined,
  ): void {
    // Only an epoch from before the load vouches for it; a later one may be of a change that the load has missed.
    const before = tenantId === undefined ? undefined : this.#epochs.knownBefore(tenantId, loadedAt);
    const entry = { value, tenantId, loadedAt, epoch: epoch ?? before };
    this.#recent.push(key);
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
    // A Map keeps the order of insertion: putting a key in anew makes the first one the longest untouched.
    this.#entries.delete(key);
    const never = Number.NEGATIVE_INFINITY;
    this.#entries.set(key, { ...entry, refreshAt: never, failedAt: never });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest);
  }
}
