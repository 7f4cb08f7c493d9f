/**
 * The calls of one isolate to one server. As many run at once as the isolate has concurrency slots; the others wait in
 * a bounded priority queue. The slots come from the tenant object (core/resilience/slot-holder.ts).
 *
 * Every request waits with its own timers, because the runtime may end any request together with its I/O, so no request
 * may depend on I/O that another has started.
 */
import { ServerUnavailableError } from "../core/errors.ts";
import {
  cancelEntry,
  complete,
  type DispatchResult,
  dispatchNext,
  EMPTY_QUEUE,
  enqueue,
  type PriorityQueue,
  type QueueEntry,
  type QueueTerms,
} from "../core/resilience/priority-queue.ts";
import { RunningCalls } from "../core/resilience/running-calls.ts";
import {
  type PendingSlotRequest,
  SLOT_CHECK_INTERVAL_MS,
  SLOT_TIMEOUT_MS,
  SlotHolder,
  type SlotLoad,
} from "../core/resilience/slot-holder.ts";
import type { SlotReply } from "../core/resilience/slots.ts";
import { WaitStatistics } from "../core/resilience/wait-statistics.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import { withTimeout } from "../core/timers.ts";

export interface ServerQueueDeps {
  readonly serverName: string;
  readonly now: () => number;
  readonly requestSlots: (ask: PendingSlotRequest) => Promise<SlotReply>;
  /** The server's `max_concurrency` by the newest configuration. */
  readonly findCapacity: (background: WaitUntil) => Promise<number | undefined>;
}

/** The first in line requests a slot; the others check repeatedly whether the first still does. */
const MIN_POLL_MS = 10;
const PASSIVE_POLL_MS = 50;
const REFRESH_INTERVAL_MS = 250;
/** Slots that are unused for this long are returned. */
const IDLE_INTERVAL_MS = 200;
const IDLE_ROUNDS = 10;

/** By the configuration that the newest call has seen. */
export interface QueueCapacity {
  /** Calls that run at once, over all isolates. */
  readonly capacity: number;
  /** Calls that wait for one of those to end, in this isolate. */
  readonly maxWaiting: number;
}

export class ServerQueue {
  readonly #deps: ServerQueueDeps;
  readonly #slots = new SlotHolder();
  readonly #running = new RunningCalls();
  readonly #waiting = new Map<string, (isStarted: boolean) => void>();
  readonly #waits = new WaitStatistics();
  #queue: PriorityQueue = EMPTY_QUEUE;
  #maxWaiting = 0;
  #refreshAt = Number.NEGATIVE_INFINITY;
  #returningUntil = Number.NEGATIVE_INFINITY;

  constructor(deps: ServerQueueDeps) {
    this.#deps = deps;
  }

  /** Returns the function that ends the call. Throws when the queue is full, or the wait was in vain. */
  async acquire(
    arrival: QueueEntry,
    capacity: QueueCapacity,
    background: WaitUntil,
    signal: AbortSignal,
  ): Promise<() => void> {
    const now = this.#deps.now();
    this.#setCapacity(capacity);
    const entered = enqueue(this.#queue, arrival, this.#terms(now), now);
    this.#apply(entered, now);
    if (entered.kind === "full") {
      this.#waits.rejected += 1;
      throw busyError(this.#deps.serverName, entered.retryAfterMs);
    }
    if (entered.kind === "start") this.#running.start(arrival.id, now);
    if (entered.kind === "wait") {
      if (entered.displaced !== undefined) this.#decide([entered.displaced], false);
      this.#waits.begin(arrival.id, now);
      await this.#wait(arrival, background, signal).finally(() =>
        this.#waits.end(arrival.id, this.#deps.now()),
      );
    }
    return this.#begin(arrival.id, background);
  }

  /** As `acquire`, where the call may start at once. Otherwise undefined, and nothing has changed. */
  tryAcquire(arrival: QueueEntry, capacity: QueueCapacity, background: WaitUntil): (() => void) | undefined {
    const now = this.#deps.now();
    this.#setCapacity(capacity);
    const { waiting, running } = this.#queue;
    const terms = this.#terms(now);
    if (waiting.length > 0 || running >= terms.concurrency) return undefined;
    this.#apply(enqueue(this.#queue, arrival, terms, now), now);
    this.#running.start(arrival.id, now);
    return this.#begin(arrival.id, background);
  }

  #setCapacity({ capacity, maxWaiting }: QueueCapacity): void {
    this.#slots.capacity = capacity;
    this.#maxWaiting = maxWaiting;
  }

  #begin(id: string, background: WaitUntil): () => void {
    this.#slots.recordStart(this.#load());
    this.#settle(background);
    const stop = this.#watch(id, background);
    return () => {
      stop();
      this.#end(id, this.#deps.now());
      this.#settle(background);
    };
  }

  /** Nothing would be lost with it. */
  isIdle(): boolean {
    const load = this.#load();
    return load.running + load.waiting === 0 && !this.#slots.hasIdle(load, this.#deps.now());
  }

  async #wait({ id, deadline }: QueueEntry, background: WaitUntil, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.set(id, resolve);
    const giveUp = () => {
      if (!this.#waiting.delete(id)) return;
      const now = this.#deps.now();
      this.#apply(cancelEntry(this.#queue, id, this.#terms(now), now), now);
      resolve(false);
    };
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    let isStarted: boolean | undefined;
    while (isStarted === undefined) {
      const asking = this.#requestIfDue();
      if (asking === undefined) {
        isStarted = await withTimeout(promise, this.#pollMs(id, deadline));
        this.#endLostCalls();
        this.#refreshCapacity(background);
      } else {
        background(asking);
        isStarted = await Promise.race([promise, asking]);
      }
      if (this.#deps.now() >= deadline) giveUp();
    }
    signal.removeEventListener("abort", giveUp);
    if (isStarted) return;
    this.#waits.rejected += 1;
    this.#settle(background);
    throw busyError(this.#deps.serverName, 1000);
  }

  #pollMs(id: string, deadline: number): number {
    const now = this.#deps.now();
    const { waiting } = this.#queue;
    const isFirst = waiting[0]?.id === id;
    const atLeast = isFirst ? MIN_POLL_MS : PASSIVE_POLL_MS + waiting.length;
    return Math.max(1, Math.min(Math.max(atLeast, this.#slots.msUntilRequest(now)), deadline - now));
  }

  /** Those that wait may have come before the limit was changed. */
  #refreshCapacity(background: WaitUntil): void {
    const now = this.#deps.now();
    if (now < this.#refreshAt) return;
    this.#refreshAt = now + REFRESH_INTERVAL_MS;
    const refresh = async () => {
      const capacity = await this.#deps.findCapacity(background).catch(() => undefined);
      if (capacity === undefined) return;
      this.#slots.capacity = capacity;
      this.#advance();
    };
    background(refresh());
  }

  /**
   * Renews the grant while the call runs, and shows that the call is still there. Returns what stops it. Calls that need
   * no grant do without, because a timer is not free.
   */
  #watch(id: string, background: WaitUntil): () => void {
    if (!this.#slots.needsGrant(this.#load(), this.#deps.now())) {
      this.#running.confirm(id);
      return () => undefined;
    }
    let timer: ReturnType<typeof setTimeout>;
    const check = () => {
      timer = setTimeout(check, SLOT_CHECK_INTERVAL_MS);
      this.#running.markSeen(id, this.#deps.now());
      this.#endLostCalls();
      this.#settle(background);
    };
    timer = setTimeout(check, SLOT_CHECK_INTERVAL_MS);
    return () => clearTimeout(timer);
  }

  #endLostCalls(): void {
    const now = this.#deps.now();
    for (const id of this.#running.listLost(now)) this.#end(id, now);
  }

  #end(id: string, now: number): void {
    const ms = this.#running.end(id, now);
    if (ms === undefined) return;
    const { running, waiting } = this.#load();
    this.#slots.recordEnd({ running: running - 1, waiting }, now);
    this.#apply(complete(this.#queue, ms, this.#terms(now), now), now);
  }

  /** Requests the slots that are due, and returns unused ones soon. */
  #settle(background: WaitUntil): void {
    const asking = this.#requestIfDue();
    if (asking !== undefined) background(asking);
    const now = this.#deps.now();
    if (this.#slots.hasIdle(this.#load(), now) && now >= this.#returningUntil) background(this.#returnIdle());
  }

  /** For a while only: the work of a request that is over may be cut off, and later requests go on with it. */
  async #returnIdle(): Promise<void> {
    for (let round = 0; round < IDLE_ROUNDS; round += 1) {
      this.#returningUntil = this.#deps.now() + IDLE_INTERVAL_MS + 2 * SLOT_TIMEOUT_MS;
      await new Promise<void>((resolve) => setTimeout(resolve, IDLE_INTERVAL_MS));
      this.#slots.returnIdle(this.#load());
      await this.#requestIfDue();
      if (!this.#slots.hasIdle(this.#load(), this.#deps.now())) break;
    }
    this.#returningUntil = Number.NEGATIVE_INFINITY;
  }

  #requestIfDue(): Promise<undefined> | undefined {
    const request = this.#slots.buildRequest(this.#load(), this.#deps.now());
    return request && this.#send(request);
  }

  async #send(request: PendingSlotRequest): Promise<undefined> {
    const queue = this.#waits.describe(this.#deps.now());
    const asking = this.#deps.requestSlots({ ...request, queue }).catch(() => undefined);
    const reply = await withTimeout(asking, SLOT_TIMEOUT_MS);
    const now = this.#deps.now();
    if (reply === undefined) this.#slots.markLost(request, now);
    else this.#slots.applyReply(request, reply, this.#load(), now);
    this.#advance();
    await this.#requestIfDue();
  }

  #load(): SlotLoad {
    return { running: this.#queue.running, waiting: this.#queue.waiting.length };
  }

  /** Those that wait only for a slot that another isolate may have are not counted as waiting. */
  #terms(now: number): QueueTerms {
    const { capacity } = this.#slots;
    const concurrency = this.#slots.limit(now);
    return { concurrency, maxSize: this.#maxWaiting + capacity - concurrency };
  }

  #advance(): void {
    const now = this.#deps.now();
    this.#apply(dispatchNext(this.#queue, this.#terms(now), now), now);
  }

  #apply({ queue, started, expired }: DispatchResult, now: number): void {
    this.#queue = queue;
    for (const id of started) this.#running.start(id, now);
    this.#decide(started, true);
    this.#decide(expired, false);
  }

  #decide(ids: readonly string[], isStarted: boolean): void {
    for (const id of ids) {
      this.#waiting.get(id)?.(isStarted);
      this.#waiting.delete(id);
    }
  }
}

function busyError(server: string, retryMs: number): ServerUnavailableError {
  return new ServerUnavailableError(
    server,
    Math.max(1, Math.ceil(retryMs / 1000)),
    "is at its concurrency limit",
  );
}
