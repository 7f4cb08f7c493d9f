/**
 * The part of a tenant's object that grants concurrency slots. Grants are kept in memory, because every call to a busy
 * server with a small limit changes them; what survives is only until when some grant may be in force. An object that
 * starts anew before then grants nothing until every earlier grant has been renewed or has ended. An object that was
 * put out of memory because it was idle starts later than that, and grants at once.
 */
import { type ObservedQueue, QueueObserver } from "../core/resilience/queue-observer.ts";
import { SlotIssuer } from "../core/resilience/slot-issuer.ts";
import { type QueueLoad, SLOT_TTL_MS, type SlotReply, type SlotRequest } from "../core/resilience/slots.ts";
import type { TrafficStore } from "./traffic-store.ts";

const GRANTED_UNTIL = "slots granted until";
/** Written ahead, so that grants that are renewed all the time are written down only now and then. */
const WRITE_AHEAD_MS = 3000;

export class TenantSlots {
  readonly #storage: DurableObjectStorage;
  readonly #tables: TrafficStore;
  readonly #issuer: SlotIssuer;
  readonly #queues: QueueObserver;
  #grantedUntil: number;

  constructor(storage: DurableObjectStorage, tables: TrafficStore, now: number) {
    this.#tables = tables;
    this.#queues = new QueueObserver(tables.listQueueTotals());
    this.#storage = storage;
    this.#grantedUntil = storage.kv.get<number>(GRANTED_UNTIL) ?? Number.NEGATIVE_INFINITY;
    this.#issuer = new SlotIssuer(Math.min(this.#grantedUntil, now + SLOT_TTL_MS));
  }

  issue(request: SlotRequest, now: number): SlotReply {
    const reply = this.#issuer.issue(request, now);
    if (this.#issuer.lastExpiry > this.#grantedUntil) {
      this.#grantedUntil = this.#issuer.lastExpiry + WRITE_AHEAD_MS;
      this.#storage.kv.put(GRANTED_UNTIL, this.#grantedUntil);
    }
    if (request.queue !== undefined) this.#observe(request, request.queue, now);
    return reply;
  }

  #observe({ serverId, holderId }: SlotRequest, load: QueueLoad, now: number): void {
    const totals = this.#queues.observe(serverId, holderId, load, now);
    if (totals !== undefined) this.#tables.saveQueueTotals(serverId, totals);
  }

  listQueues(now: number): ObservedQueue[] {
    return this.#queues.list(now);
  }

  deleteExpired(now: number): void {
    this.#issuer.deleteExpired(now);
    this.#queues.deleteExpired(now);
  }
}
