/**
 * So many calls at once to one server, as its registration says, and a line of those who wait. Counted by isolate: to
 * count over all of them would cost every call a question, and what is protected is a server, not a promise.
 */
import { ServerClosedError } from "../core/errors.ts";
import {
  type Advanced,
  type Arrival,
  abandon,
  classOf,
  EMPTY_QUEUE,
  enter,
  finish,
  type Queue,
  type QueueTerms,
} from "../core/resilience/queue.ts";
import type { Principal } from "../identity/principal.ts";
import type { SnapshotServer } from "./snapshot.ts";

interface Line {
  queue: Queue;
  readonly waiting: Map<string, (may: boolean) => void>;
}

const LONGEST_WAIT_MS = 10_000;
/** As many may wait as may run, but not for ever more. */
const MOST_WAITING = 1000;

export class ServerQueues {
  readonly #lines = new Map<string, Line>();
  readonly #now: () => number;
  #arrivals = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns what to call when the call has ended. Throws where the line is full, or the wait was in vain. */
  async enter(server: SnapshotServer, principal: Principal, signal: AbortSignal): Promise<() => void> {
    const terms = {
      concurrency: server.maxConcurrency,
      maxSize: Math.min(server.maxConcurrency, MOST_WAITING),
    };
    const line = this.#lineOf(server.id);
    this.#arrivals += 1;
    const arrival: Arrival = {
      id: String(this.#arrivals),
      priority: classOf(principal.via === "anonymous" ? "anonymous" : principal.role),
      caller: principal.id,
      deadline: this.#now() + LONGEST_WAIT_MS,
    };
    const entered = enter(line.queue, arrival, terms, this.#now());
    advance(line, entered);
    if (entered.kind === "full") throw busy(server.name, entered.retryAfterMs);
    if (entered.kind === "wait") {
      if (entered.displaced !== undefined) tell(line, [entered.displaced], false);
      await this.#wait(line, arrival, terms, server.name, signal);
    }
    const began = this.#now();
    return () => this.#leave(server.id, line, began, terms);
  }

  async #wait(
    line: Line,
    { id, deadline }: Arrival,
    terms: QueueTerms,
    server: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    line.waiting.set(id, resolve);
    const giveUp = () => {
      if (!line.waiting.delete(id)) return;
      advance(line, abandon(line.queue, id, terms, this.#now()));
      resolve(false);
    };
    const timer = setTimeout(giveUp, deadline - this.#now());
    signal.addEventListener("abort", giveUp);
    const may = await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    if (!may) throw busy(server, 1000);
  }

  #leave(serverId: string, line: Line, began: number, terms: QueueTerms): void {
    const now = this.#now();
    advance(line, finish(line.queue, now - began, terms, now));
    if (line.queue.running === 0 && line.queue.waiting.length === 0) this.#lines.delete(serverId);
  }

  #lineOf(serverId: string): Line {
    let line = this.#lines.get(serverId);
    if (line === undefined) {
      line = { queue: EMPTY_QUEUE, waiting: new Map() };
      this.#lines.set(serverId, line);
    }
    return line;
  }
}

function advance(line: Line, { queue, started, expired }: Advanced): void {
  line.queue = queue;
  tell(line, started, true);
  tell(line, expired, false);
}

function tell(line: Line, ids: readonly string[], may: boolean): void {
  for (const id of ids) {
    const answer = line.waiting.get(id);
    line.waiting.delete(id);
    answer?.(may);
  }
}

function busy(server: string, retryMs: number): ServerClosedError {
  return new ServerClosedError(
    server,
    Math.max(1, Math.ceil(retryMs / 1000)),
    "has all the calls it can take",
  );
}
