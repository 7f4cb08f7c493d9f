/**
 * The requests of a tenant that have been running for a while, as their isolates report them again and again. Nothing
 * is stored: who stops reporting is gone, and after a restart the next reports fill the table anew.
 */
export interface ActiveRequest {
  readonly id: string;
  readonly requestId: string;
  readonly principalId: string;
  readonly userId: string | undefined;
  readonly server: string;
  readonly method: string;
  /** The tool, prompt or resource. */
  readonly target: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** Reports come every two seconds. */
const SILENCE_TIMEOUT_MS = 10_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly request: ActiveRequest;
  seenAt: number;
  isCancelled: boolean;
}

export class ActiveRequests {
  readonly #entries = new Map<string, Entry>();

  /** True where it shall end. */
  report(request: ActiveRequest, now: number): boolean {
    const known = this.#entries.get(request.id);
    if (known !== undefined) {
      known.seenAt = now;
      return known.isCancelled;
    }
    this.#sweep(now);
    if (this.#entries.size < MAX_ENTRIES)
      this.#entries.set(request.id, { request, seenAt: now, isCancelled: false });
    return false;
  }

  end(id: string): void {
    this.#entries.delete(id);
  }

  /** False for what is not running. */
  cancel(id: string, now: number): boolean {
    this.#sweep(now);
    const known = this.#entries.get(id);
    if (known !== undefined) known.isCancelled = true;
    return known !== undefined;
  }

  /** Longest running first. */
  list(now: number): ActiveRequest[] {
    this.#sweep(now);
    return [...this.#entries.values()]
      .filter(({ isCancelled }) => !isCancelled)
      .map(({ request }) => request)
      .toSorted((one, other) => one.startedAt - other.startedAt);
  }

  #sweep(now: number): void {
    for (const [id, { seenAt }] of this.#entries)
      if (now - seenAt > SILENCE_TIMEOUT_MS) this.#entries.delete(id);
  }
}
