/**
 * What runs on behalf of a channel ends with it: each piece of work gets a signal of its own, which is aborted when the
 * caller gives up, when the channel is over, and at the latest when the work is done, so that nothing stays open.
 */
import { UpstreamError } from "../core/errors.ts";
import { cancelled } from "./failures.ts";

export class Lifetime {
  readonly #server: string;
  readonly #running = new Set<(reason: UpstreamError) => void>();
  #over: UpstreamError | undefined;

  constructor(server: string) {
    this.#server = server;
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** Fails at once when it is aborted, even where the work is slow to notice. */
  async run<T>(caller: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#over !== undefined) throw this.#over;
    if (caller?.aborted) throw cancelled(this.#server);
    const control = new AbortController();
    const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
    const giveUp = () => stop(cancelled(this.#server));
    this.#running.add(stop);
    caller?.addEventListener("abort", giveUp);
    try {
      return await Promise.race([work(control.signal), stopped]);
    } finally {
      this.#running.delete(stop);
      caller?.removeEventListener("abort", giveUp);
      control.abort();
    }
  }

  /** False where it was over already. */
  end(reason: UpstreamError | undefined): boolean {
    if (this.#over !== undefined) return false;
    const over = reason ?? gone(this.#server);
    this.#over = over;
    for (const stop of this.#running) stop(over);
    return true;
  }
}

function gone(server: string): UpstreamError {
  const message = `The session with ${server} is over. Start a new one.`;
  return new UpstreamError("upstream_unreachable", server, message);
}
