/**
 * The running calls of one server in an isolate. When a client disconnects, the runtime drops the request with its timers
 * and without running any more of its code, so a call can vanish without having ended. Therefore a call that holds a
 * granted slot shows itself from time to time.
 */

/** A call that should show itself and has not for this long has vanished. */
export const LOST_CALL_MS = 3000;

interface RunningCall {
  readonly startedAt: number;
  seenAt: number;
}

export class RunningCalls {
  readonly #calls = new Map<string, RunningCall>();

  start(id: string, now: number): void {
    this.#calls.set(id, { startedAt: now, seenAt: now });
  }

  markSeen(id: string, now: number): void {
    const call = this.#calls.get(id);
    if (call !== undefined) call.seenAt = now;
  }

  /** The call will not show itself. */
  confirm(id: string): void {
    this.markSeen(id, Number.POSITIVE_INFINITY);
  }

  /** Returns how long it ran; undefined for a call that has ended before. */
  end(id: string, now: number): number | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call === undefined ? undefined : now - call.startedAt;
  }

  listLost(now: number): string[] {
    const lost: string[] = [];
    for (const [id, { seenAt }] of this.#calls) if (now - seenAt >= LOST_CALL_MS) lost.push(id);
    return lost;
  }
}
