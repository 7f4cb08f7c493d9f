// Stops what was started in the opposite order, once, whatever requested it first.

export type Shutdown = {
  /** Registers how to end something that has just been started. */
  add(end: () => Promise<unknown>): void;
  /** Ends everything; the first caller's exit code counts. */
  run(exitCode: number): Promise<number>;
  readonly running: boolean;
};

export function createShutdown(): Shutdown {
  const ends: (() => Promise<unknown>)[] = [];
  let ended: Promise<number> | undefined;
  const endAll = async (exitCode: number) => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
      // What fails to end has a guard that ends it when this process does.
      await end().catch(() => {});
    }
    return exitCode;
  };
  return {
    add: (end) => ends.push(end),
    run: (exitCode) => {
      ended ??= endAll(exitCode);
      return ended;
    },
    get running() {
      return ended !== undefined;
    },
  };
}

/** Ctrl-C reaches this process up to three times: from the terminal, from npm and from the script that started
 * it. So what follows within this time is the same wish, not a second one. */
const SAME_WISH_MS = 500;

/** Calls `first` at the first wish to end, `again` at a later one. */
export function onWishToEnd(first: () => void, again: () => void): void {
  let since: number | undefined;
  const wish = () => {
    if (since === undefined) {
      since = Date.now();
      first();
    } else if (Date.now() - since > SAME_WISH_MS) again();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, wish);
  // The script that started this one was killed; its channel closes.
  process.on("disconnect", wish);
  process.channel?.unref();
}
