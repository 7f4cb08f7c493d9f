/**
 * So many calls at once to one server, as its registration says, and a line of those who wait. Counted by isolate: to
 * count over all of them would cost every call a question, and what is protected is a server, not a promise.
 */
import { ServerClosedError } from "../core/errors.ts";
import {
  type Arrival,
  classOf,
  EMPTY_QUEUE,
  enter,
  leave,
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
    const arrival: Arrival = {
      id: crypto.randomUUID(),
      priority: classOf(principal.via === "anonymous" ? "anonymous" : principal.role),
      caller: principal.id,
      deadline: this.#now() + LONGEST_WAIT_MS,
    };
    const entered = enter(line.queue, arrival, terms, this.#now());
    line.queue = entered.queue;
    this.#tell(line, entered.started, true);
    this.#tell(line, entered.expired, false);
    if (entered.kind === "full") throw busy(server.name, entered.retryAfterMs);
    if (entered.kind === "wait") {
      if (entered.displaced !== undefined) this.#tell(line, [entered.displaced], false);
      await this.#wait(line, arrival, terms, server.name, signal);
    }
    return () => this.#leave(server.id, line, arrival.id, terms);
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
    const giveUp = () => resolve(false);
    const timer = setTimeout(giveUp, deadline - this.#now());
    signal.addEventListener("abort", giveUp);
    const may = await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
    line.waiting.delete(id);
    if (may) return;
    const left = leave(line.queue, id, terms, this.#now());
    line.queue = left.queue;
    this.#tell(line, left.started, true);
    throw busy(server, 1000);
  }

  #leave(serverId: string, line: Line, id: string, terms: QueueTerms): void {
    const left = leave(line.queue, id, terms, this.#now());
    line.queue = left.queue;
    this.#tell(line, left.started, true);
    this.#tell(line, left.expired, false);
    if (line.queue.running.size === 0 && line.queue.waiting.length === 0) this.#lines.delete(serverId);
  }

  #tell(line: Line, ids: readonly string[], may: boolean): void {
    for (const id of ids) line.waiting.get(id)?.(may);
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

function busy(server: string, retryMs: number): ServerClosedError {
  return new ServerClosedError(
    server,
    Math.max(1, Math.ceil(retryMs / 1000)),
    "has all the calls it can take",
  );
}
