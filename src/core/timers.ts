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

/** Ends early when the signal is aborted, without a word: whoever waited looks at the signal anyway. */
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

/**
 * Many alarms on one timer of the runtime, which is not free: a request that is over before the first of them would ring
 * has started one timer and cleared it.
 */
export class TimerSet {
  readonly #set = new Set<{ readonly at: number; readonly ring: () => void }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #callbacks = Number.POSITIVE_INFINITY;

  /** Returns what to call when it is no longer wanted. */
  set(ms: number, ring: () => void): () => void {
    const alarm = { at: Date.now() + ms, ring };
    this.#set.add(alarm);
    if (alarm.at < this.#callbacks) this.#schedule(alarm.at);
    return () => {
      if (this.#set.delete(alarm) && this.#set.size === 0) this.#stop();
    };
  }

  /** None of them will ring. */
  clear(): void {
    this.#set.clear();
    this.#stop();
  }

  #schedule(at: number): void {
    this.#stop();
    this.#callbacks = at;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, at - Date.now()));
  }

  #fire(): void {
    // Timers may be a little early by the clock that tells the time.
    const now = Math.max(Date.now(), this.#callbacks);
    this.#stop();
    for (const alarm of this.#set) {
      if (alarm.at > now) continue;
      this.#set.delete(alarm);
      alarm.ring();
    }
    const next = Math.min(...Array.from(this.#set, ({ at }) => at));
    if (next < this.#callbacks) this.#schedule(next);
  }

  #stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#callbacks = Number.POSITIVE_INFINITY;
  }
}

export interface Timer {
  /** Counts from now, whether it was counting or not. */
  start(): void;
  stop(): void;
}

export function createTimer(ms: number, ring: () => void): Timer {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
  };
  return {
    start() {
      stop();
      timer = setTimeout(ring, ms);
    },
    stop,
  };
}
