/**
 * Keeps `max_concurrency` of every server: at most so many calls run at once, over all isolates, and the others wait in
 * a priority queue. The design is described in docs/design/limits.md.
 */
import { priorityClass, type QueueEntry } from "../core/resilience/priority-queue.ts";
import type { SlotReply, SlotRequest } from "../core/resilience/slots.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import type { Principal } from "../identity/principal.ts";
import { type QueueCapacity, ServerQueue } from "./server-queue.ts";
import type { SnapshotServer } from "./snapshot.ts";

/** The part of the tenant's object that grants slots. */
export interface SlotObject {
  issueSlots(request: SlotRequest): Promise<SlotReply>;
}

export interface ConcurrencyQueuesDeps {
  readonly now: () => number;
  readonly slotObject: (tenantId: string) => SlotObject;
  /** A server's `max_concurrency` by the tenant's newest configuration; undefined for a server that was deleted. */
  readonly findCapacity: (
    tenantId: string,
    serverId: string,
    background: WaitUntil,
  ) => Promise<number | undefined>;
}

/** The queues as one request sees them. */
export interface CallQueues {
  /** Returns the function that ends the call. Throws when the queue is full, or the wait was in vain. */
  acquire(server: SnapshotServer, principal: Principal, signal: AbortSignal): Promise<() => void>;
  /** As `acquire`, where the call may start at once. Otherwise undefined, and nothing has changed. */
  tryAcquire(server: SnapshotServer, principal: Principal): (() => void) | undefined;
}

/** Without settings of its own, as many calls may wait for a server as may run. */
const MAX_DEFAULT_WAITING = 1000;
/** Beyond this many, those that are idle are dropped. */
const MAX_QUEUES = 5000;

export class ConcurrencyQueues {
  readonly #queues = new Map<string, ServerQueue>();
  readonly #deps: ConcurrencyQueuesDeps;
  #entryCount = 0;

  constructor(deps: ConcurrencyQueuesDeps) {
    this.#deps = deps;
  }

  /** For one request, whose `background` keeps renewals and returns of slots alive. */
  forRequest(background: WaitUntil): CallQueues {
    return {
      acquire: (server, principal, signal) =>
        this.#getQueue(server, principal.tenantId).acquire(
          this.#createEntry(server, principal),
          toCapacity(server),
          background,
          signal,
        ),
      tryAcquire: (server, principal) =>
        this.#getQueue(server, principal.tenantId).tryAcquire(
          this.#createEntry(server, principal),
          toCapacity(server),
          background,
        ),
    };
  }

  #createEntry({ queue }: SnapshotServer, principal: Principal): QueueEntry {
    this.#entryCount += 1;
    return {
      id: String(this.#entryCount),
      priority: priorityClass(principal.via === "anonymous" ? "anonymous" : principal.role),
      caller: principal.id,
      deadline: this.#deps.now() + queue.maxWaitMs,
    };
  }

  #getQueue({ id, name }: SnapshotServer, tenantId: string): ServerQueue {
    const known = this.#queues.get(id);
    if (known !== undefined) return known;
    const { now, slotObject, findCapacity } = this.#deps;
    let holderId: string | undefined;
    const queue = new ServerQueue({
      serverName: name,
      now,
      async requestSlots(ask) {
        holderId ??= crypto.randomUUID();
        return slotObject(tenantId).issueSlots({ ...ask, serverId: id, holderId });
      },
      findCapacity: (background) => findCapacity(tenantId, id, background),
    });
    if (this.#queues.size >= MAX_QUEUES) this.#deleteIdle();
    this.#queues.set(id, queue);
    return queue;
  }

  #deleteIdle(): void {
    for (const [id, queue] of this.#queues) if (queue.isIdle()) this.#queues.delete(id);
  }
}

function toCapacity({ maxConcurrency, queue }: SnapshotServer): QueueCapacity {
  return {
    capacity: maxConcurrency,
    maxWaiting: queue.maxSize ?? Math.min(maxConcurrency, MAX_DEFAULT_WAITING),
  };
}
