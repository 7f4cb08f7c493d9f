/**
 * What an isolate remembers of tenants. Each thing is remembered together with the tenant's epoch from before it was
 * loaded: as long as the epoch is the same, nothing has changed, and nobody asks the database. Where the epoch cannot
 * be known, age decides instead, and much sooner; and when loading fails and no change is known of, the old one goes
 * on serving for a while, so that a database that is down does not stop those who were served a moment ago.
 *
 * Nobody waits for a load that another request began: on Workers that request may be cancelled, and its I/O with it,
 * and whoever waits would wait for ever. So a cold key may be loaded by several at once.
 */

import { within } from "./waiting.ts";

export interface Epochs {
  /** As of at most 900 ms ago; undefined when it cannot be had. */
  current(tenantId: string, background: Background): number | undefined | Promise<number | undefined>;
  /** What was known before a moment, however old, so that what was loaded since is at least as new. */
  knownBefore(tenantId: string, moment: number): number | undefined;
}

export type Background = (work: Promise<unknown>) => void;

export interface Loaded<V> {
  readonly value: V;
  /** Whose changes can change it. Undefined: nobody knows, and so age decides. */
  readonly tenantId: string | undefined;
}

interface Entry<V> extends Loaded<V> {
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
const UNVOUCHED = { fresh: 0, stale: 0 };
/** Served that long when the database does not answer and no change is known. */
const BROKEN = 600_000;
/** A refresh that has not come back by then is taken for lost; until then nobody tries or waits for another. */
const REFRESH_PATIENCE = 5000;
/** Whoever needs a new one waits so long for it before the old one has to do. */
const LOAD_PATIENCE = 1000;

function timesOf(now: number | undefined, then: number | undefined) {
  if (now === undefined) return UNKNOWN_EPOCH;
  return now === then ? SAME_EPOCH : UNVOUCHED;
}

type Load<V> = () => Promise<Loaded<V>>;

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
  get(key: string, load: Load<V>, background: Background, tenantId?: string): V | Promise<V> {
    const owner = tenantId ?? this.#entries.get(key)?.tenantId;
    const epoch = owner === undefined ? undefined : this.#epochs.current(owner, background);
    if (epoch instanceof Promise) return epoch.then((known) => this.#serve(key, known, load, background));
    return this.#serve(key, epoch, load, background);
  }

  /** What is remembered, however old. */
  peek(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  #serve(key: string, epoch: number | undefined, load: Load<V>, background: Background): V | Promise<V> {
    const entry = this.#entries.get(key);
    // A change is known of: what was before it is served to nobody, not even while the database is down.
    const changed = epoch !== undefined && entry?.epoch !== undefined && entry.epoch !== epoch;
    if (entry === undefined || changed) return this.#load(key, epoch, load);
    const now = this.#now();
    const age = now - entry.loadedAt;
    const { fresh, stale } = timesOf(epoch, entry.epoch);
    if (age < fresh) return entry.value;
    if (age >= stale) return this.#loadOrKeep(key, entry, epoch, load, background);
    if (now - entry.refreshAt >= REFRESH_PATIENCE) {
      entry.refreshAt = now;
      background(this.#load(key, epoch, load).catch(() => undefined));
    }
    return entry.value;
  }

  /** The old one while the database fails or hangs, and without waiting once it is known to. */
  async #loadOrKeep(
    key: string,
    entry: Entry<V>,
    epoch: number | undefined,
    load: Load<V>,
    background: Background,
  ): Promise<V> {
    const startedAt = this.#now();
    const mayKeep = startedAt - entry.loadedAt < BROKEN;
    if (mayKeep && startedAt - entry.failedAt < REFRESH_PATIENCE) return entry.value;
    const loading = this.#load(key, epoch, load);
    if (!mayKeep) return loading;
    // A load that comes late is kept all the same.
    background(loading.catch(() => undefined));
    const loaded = loading.then((value) => ({ value }));
    const result = await within(loaded, LOAD_PATIENCE).catch(() => undefined);
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
