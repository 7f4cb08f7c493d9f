/**
 * A cache for what an isolate keeps between requests. One load at a time per key; a value that is a little old is
 * refreshed while the old one still serves; and when loading fails, the old one goes on serving for a while, so that
 * a database that is down does not stop those who were served a moment ago.
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
}

export class IsolateCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #loading = new Map<string, Promise<V>>();
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
    const age = this.#now() - entry.loadedAt;
    if (age < this.#times.freshMs) return entry.value;
    if (age < this.#times.staleMs) {
      background(this.#load(key, load).catch(() => undefined));
      return entry.value;
    }
    return this.#load(key, load).catch((error: unknown) => {
      if (this.#now() - entry.loadedAt < this.#times.brokenMs) return entry.value;
      throw error;
    });
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }

  #load(key: string, load: () => Promise<V>): Promise<V> {
    const running = this.#loading.get(key);
    if (running !== undefined) return running;
    const started = load()
      .then((value) => {
        this.#store(key, value);
        return value;
      })
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, started);
    return started;
  }

  #store(key: string, value: V): void {
    // A Map keeps the order of insertion: putting a key in anew makes the first one the longest untouched.
    this.#entries.delete(key);
    this.#entries.set(key, { value, loadedAt: this.#now() });
    if (this.#entries.size > this.#limit) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }
}
