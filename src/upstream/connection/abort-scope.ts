/**
 * What runs on behalf of a channel ends with it: each piece of work gets a signal of its own, which is aborted when the
 * caller aborts, when the channel is over, and at the latest when the work is done, so that nothing stays open.
 */
import { UpstreamError } from "../../core/errors.ts";
import { requestCanceled } from "./errors.ts";

export class AbortScopes {
  readonly #server: string;
  readonly #running = new Set<(reason: UpstreamError) => void>();
  #error: UpstreamError | undefined;

  constructor(server: string) {
    this.#server = server;
  }

  get isEnded(): boolean {
    return this.#error !== undefined;
  }

  /** Fails at once when it is aborted, even where the work is slow to notice. */
  async run<T>(caller: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#error !== undefined) throw this.#error;
    if (caller?.aborted) throw requestCanceled(this.#server);
    const control = new AbortController();
    const { promise: stopped, reject: stop } = Promise.withResolvers<never>();
    const giveUp = () => stop(requestCanceled(this.#server));
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
    if (this.#error !== undefined) return false;
    const over = reason ?? channelClosed(this.#server);
    this.#error = over;
    for (const stop of this.#running) stop(over);
    return true;
  }
}

function channelClosed(server: string): UpstreamError {
  const message = `The session with server ${server} has ended. Start a new one.`;
  return new UpstreamError("upstream_unreachable", server, message);
}
