/**
 * Notices a database that takes queries and answers none of them, as a stopped machine or a lost network does, without
 * aborting a query that is only slow. A query that is late is accompanied by a trivial one: where that is answered the
 * database works, and where it is not, the database is unavailable. From then on queries fail at once, and one after
 * each pause finds out whether it answers again.
 *
 * Only numbers are shared between requests: on Workers none of them can wait for another's query.
 */
import { DatabaseUnavailableError } from "../core/errors.ts";
import { withTimeout } from "../core/timers.ts";

export interface WatchdogTimes {
  /** A query that takes longer is late. */
  readonly lateMs: number;
  /** So long the trivial query may take. */
  readonly probeMs: number;
  /** How often a running query is checked. */
  readonly recheckMs: number;
  /** Queries fail at once for so long, then the next one is a trial. */
  readonly pauseMs: number;
  /** A database that has not been used for so long may be suspended, and starts at the first query. */
  readonly awakeMs: number;
  /** So long it may take to start. */
  readonly wakeMs: number;
}

const TIMES: WatchdogTimes = {
  lateMs: 1_000,
  probeMs: 2_500,
  recheckMs: 5_000,
  pauseMs: 1_000,
  awakeMs: 240_000,
  wakeMs: 10_000,
};

/** A timer that rings this much later than it was set for shows that this isolate stood still, not the database. */
const STALL_FACTOR = 1.2;
const MAX_STALLS = 4;

export interface WatchedQuery<T> {
  readonly run: (signal: AbortSignal) => Promise<T>;
  /** Sends an empty query to the same database. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  /** The client's own limit, for a database that answers others. */
  readonly timeoutMs: number;
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

export class DatabaseWatchdog {
  readonly #now: () => number;
  readonly #times: WatchdogTimes;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #isSilent = false;
  #failFastUntil = Number.NEGATIVE_INFINITY;

  constructor(now: () => number, times: WatchdogTimes = TIMES) {
    this.#now = now;
    this.#times = times;
  }

  async watch<T>({ run, probe, timeoutMs }: WatchedQuery<T>): Promise<T> {
    if (this.#now() < this.#failFastUntil) throw unavailable("The database did not respond for a while.");
    const ending = new AbortController();
    const settled = settle(run(ending.signal));
    try {
      return await this.#await(settled, () => this.#isAnswered(settled, probe), timeoutMs);
    } finally {
      ending.abort();
    }
  }

  async #await<T>(
    settled: Promise<Settled<T>>,
    isAlive: () => Promise<boolean>,
    timeoutMs: number,
  ): Promise<T> {
    const startedAt = this.#now();
    for (let waitMs = this.#firstWaitMs(); ; waitMs = this.#times.recheckMs) {
      const result = await this.#wait(settled, waitMs);
      if (result !== undefined) return this.#take(result);
      if (this.#now() - startedAt >= timeoutMs)
        throw unavailable(`The database did not respond within ${timeoutMs} ms.`);
      // While it is silent one trial is enough; a second question would get no other answer.
      if (this.#isSilent || !(await isAlive())) {
        this.#isSilent = true;
        this.#failFastUntil = this.#now() + this.#times.pauseMs;
        throw unavailable("The database is not responding.");
      }
    }
  }

  async #wait<T>(settled: Promise<Settled<T>>, waitMs: number): Promise<Settled<T> | undefined> {
    for (let stalls = 0; ; stalls += 1) {
      const from = this.#now();
      const result = await withTimeout(settled, waitMs);
      const isStall = this.#now() - from > waitMs * STALL_FACTOR;
      if (result !== undefined || !isStall || stalls === MAX_STALLS) return result;
    }
  }

  #firstWaitMs(): number {
    const { awakeMs, lateMs, wakeMs } = this.#times;
    return this.#isSilent || this.#now() - this.#answeredAt < awakeMs ? lateMs : wakeMs;
  }

  #take<T>(result: Settled<T>): T {
    if ("error" in result) throw result.error;
    this.#answeredAt = this.#now();
    this.#isSilent = false;
    this.#failFastUntil = Number.NEGATIVE_INFINITY;
    return result.value;
  }

  /** An answer to either of them is one. */
  async #isAnswered(
    settled: Promise<Settled<unknown>>,
    probe: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<boolean> {
    const ending = new AbortController();
    const either = Promise.race([settled, settle(probe(ending.signal))]);
    const result = await this.#wait(either, this.#times.probeMs);
    ending.abort();
    return result !== undefined;
  }
}

function settle<T>(pending: Promise<T>): Promise<Settled<T>> {
  return pending.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function unavailable(reason: string): DatabaseUnavailableError {
  return new DatabaseUnavailableError(new Error(reason));
}
