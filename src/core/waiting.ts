/** Waiting that leaves no timer and no listener behind. */

/** Undefined when time is up first. */
export async function within<T>(pending: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([pending, patience]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

/** Ends early when the signal is aborted, without a word: whoever waited looks at the signal anyway. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
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

export interface Alarm {
  /** Counts from now, whether it was counting or not. */
  start(): void;
  stop(): void;
}

export function alarm(ms: number, ring: () => void): Alarm {
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
