/** Waiting that leaves no timer and no listener behind. */

/** Undefined when time is up first. */
export async function withTimeout<T>(pending: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([pending, timeout]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

/** Ends early, without an error, when the signal is aborted: the caller checks the signal afterwards. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake);
    if (signal.aborted) wake();
  });
}

interface Alarm {
  at: number;
  readonly onTimeout: () => void;
  /** Moved on by the time in which the isolate did not run. */
  readonly isExtended: boolean;
}

/**
 * The longest wait of the runtime's timer: how exactly a stall is measured. An alarm that is further away than the
 * running wait needs no new timer.
 */
const MAX_STEP_MS = 1000;

/**
 * Many alarms on one timer of the runtime, which is not free: a request that is over before the first alarm has started
 * one timer and cleared it. A timer that fires late shows that the isolate did not run in the meantime, which is no
 * fault of a peer that is waited for: `limitWait` does not count that time, and `measureStall` returns it.
 */
export class TimerSet {
  readonly #alarms = new Set<Alarm>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firesAt = Number.POSITIVE_INFINITY;
  #stalledMs = 0;

  /** Returns a function that cancels the alarm. */
  set(ms: number, onTimeout: () => void): () => void {
    return this.#add({ at: Date.now() + ms, onTimeout, isExtended: false });
  }

  /** For the wait for a peer: time in which the isolate did not run does not count. */
  limitWait(ms: number, onTimeout: () => void): () => void {
    return this.#add({ at: Date.now() + ms, onTimeout, isExtended: true });
  }

  /** Waits, and returns for how long of the wait the isolate did not run. */
  async measureStall<T>(pending: Promise<T>): Promise<{ readonly value: T; readonly stalledMs: number }> {
    const stalledBefore = this.totalStalledMs();
    const cancel = this.limitWait(Number.POSITIVE_INFINITY, () => undefined);
    try {
      const value = await pending;
      return { value, stalledMs: this.totalStalledMs() - stalledBefore };
    } finally {
      cancel();
    }
  }

  /** The time in which the isolate did not run while there was an alarm. */
  totalStalledMs(): number {
    return this.#stalledMs + this.#overdueMs();
  }

  /** Undefined when time is up first. The alarm stays until all are cleared, so that the timer goes on. */
  waitFor<T>(pending: Promise<T>, ms: number): Promise<T | undefined> {
    return Promise.race([
      pending,
      new Promise<undefined>((resolve) => {
        this.set(ms, () => resolve(undefined));
      }),
    ]);
  }

  /** Cancels all alarms. */
  clear(): void {
    this.#alarms.clear();
    this.#stop();
  }

  #add(alarm: Alarm): () => void {
    if (this.#timer === undefined || alarm.at < this.#firesAt) this.#schedule(alarm.at);
    this.#alarms.add(alarm);
    return () => {
      if (this.#alarms.delete(alarm) && this.#alarms.size === 0) this.#stop();
    };
  }

  #schedule(at: number): void {
    this.#stop();
    const now = Date.now();
    this.#firesAt = Math.max(now, Math.min(at, now + MAX_STEP_MS));
    this.#timer = setTimeout(() => this.#fire(), this.#firesAt - now);
  }

  #fire(): void {
    // The runtime's timers may fire slightly early by the clock.
    const now = Math.max(Date.now(), this.#firesAt);
    this.#stop();
    for (const alarm of this.#alarms) {
      if (alarm.at > now) continue;
      this.#alarms.delete(alarm);
      alarm.onTimeout();
    }
    const next = Math.min(...Array.from(this.#alarms, ({ at }) => at));
    if (this.#alarms.size > 0) this.#schedule(next);
  }

  #stop(): void {
    this.#settleStall();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #settleStall(): void {
    const overdueMs = this.#overdueMs();
    if (overdueMs === 0) return;
    this.#stalledMs += overdueMs;
    for (const alarm of this.#alarms) if (alarm.isExtended) alarm.at += overdueMs;
  }

  #overdueMs(): number {
    return Math.max(0, Date.now() - this.#firesAt);
  }
}

export interface Timer {
  /** Counts from now, whether it was counting or not. */
  start(): void;
  stop(): void;
}

export function createTimer(ms: number, onTimeout: () => void): Timer {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
  };
  return {
    start() {
      stop();
      timer = setTimeout(onTimeout, ms);
    },
    stop,
  };
}
