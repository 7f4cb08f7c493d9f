/**
 * A cache for what an isolate keeps between requests. A value that is a little old is refreshed while the old one
 * still serves; and when loading fails, the old one goes on serving for a while, so that a database that is down does
 * not stop those who were served a moment ago.
 *
 * Nobody waits for a load that another request began: on Workers that request may be cancelled, and its I/O with it,
 * and whoever waits would wait for ever. So a cold key may be loaded by several at once.
 */
export interface CacheTimes {
  /** Served without a question. */
  readonly freshMs: number;
  /** Served while a new one is fetched. */
  readonly staleMs: number;
  /** Served when nothing newer can be had. */
  readonly brokenMs: number;
}

interface Entry<V> {
  value: V;
  loadedAt: number;
  /** When somebody last set out to refresh it. */
  refreshAt: number;
}

/** A refresh that has not come back by then is taken for lost. */
const REFRESH_PATIENCE_MS = 5000;

export class IsolateCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #times: CacheTimes;
  readonly #now: () => number;
  readonly #limit: number;

  constructor(times: CacheTimes, options: { now: () => number; limit: number }) {
    this.#times = times;
    this.#now = options.now;
    this.#limit = options.limit;
  }

  /** `background` keeps a refresh alive after the answer has gone out (`waitUntil`). */
  get(key: string, load: () => Promise<V>, background: (work: Promise<unknown>) => void): V | Promise<V> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return this.#load(key, load);
    const now = this.#now();
    const age = now - entry.loadedAt;
    if (age < this.#times.freshMs) return entry.value;
    if (age >= this.#times.staleMs) return this.#loadOrKeep(key, entry, load);
    if (now - entry.refreshAt >= REFRESH_PATIENCE_MS) {
      entry.refreshAt = now;
      background(this.#load(key, load).catch(() => undefined));
    }
    return entry.value;
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }

  async #loadOrKeep(key: string, entry: Entry<V>, load: () => Promise<V>): Promise<V> {
    try {
      return await this.#load(key, load);
    } catch (error) {
      if (this.#now() - entry.loadedAt < this.#times.brokenMs) return entry.value;
      throw error;
    }
  }

  async #load(key: string, load: () => Promise<V>): Promise<V> {
    const value = await load();
    // A Map keeps the order of insertion: putting a key in anew makes the first one the longest untouched.
    this.#entries.delete(key);
    this.#entries.set(key, { value, loadedAt: this.#now(), refreshAt: Number.NEGATIVE_INFINITY });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest);
    return value;
  }
}
