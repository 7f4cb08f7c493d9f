/**
 * An isolate's concurrency slots of one server: how many calls it may run now, and when it has to request more of the tenant's
 * object for more, renew what it holds, or return it.
 *
 * It never counts on more than the object has certainly reserved: a grant ends SLOT_TTL_MS after its request was sent
 * (earlier than the object's own deadline), and while a request that keeps less is on its way, only that much counts.
 * When the object does not respond, the isolate counts by itself up to the whole capacity, and retries every second.
 */
import {
  MIN_SHARED_CAPACITY,
  SLOT_TTL_MS,
  type SlotReply,
  type SlotRequest,
  ungrantedSlots,
} from "./slots.ts";

/** A request without a response has failed after this. */
export const SLOT_TIMEOUT_MS = 500;
/** A running call looks this often whether the grant has to be renewed. */
export const SLOT_CHECK_INTERVAL_MS = 400;
const RENEW_AFTER_MS = 600;
const MAX_FAILURES = 2;
const PROBE_INTERVAL_MS = 1000;
/** Large grants come with a reserve of a quarter, so that a load that varies a little costs no request. */
const RESERVE_SHARE = 4;

export interface SlotLoad {
  readonly running: number;
  readonly waiting: number;
}

export type PendingSlotRequest = Omit<SlotRequest, "serverId" | "holderId">;

interface Pending {
  readonly sequence: number;
  readonly sentAt: number;
  /** Calls that have ended since: the request counts them as running. */
  ended: number;
}

export class SlotHolder {
  #capacity = 0;
  #held = 0;
  #requestedAt = Number.NEGATIVE_INFINITY;
  #expiresAt = Number.NEGATIVE_INFINITY;
  #isContended = false;
  /** The object counts more slots than are held and must be notified. */
  #hasReturned = false;
  #pending: Pending | undefined;
  #retryAt = Number.NEGATIVE_INFINITY;
  #sequence = 0;
  #failures = 0;
  #peak = 0;

  /** By the newest configuration that was seen. */
  set capacity(capacity: number) {
    if (capacity > this.#capacity) this.#retryAt = Number.NEGATIVE_INFINITY;
    this.#capacity = capacity;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Calls that may run at once. */
  limit(now: number): number {
    if (this.isUnreachable) return this.#capacity;
    return Math.min(this.#capacity, Math.max(this.#granted(now), this.#ungranted(now)));
  }

  /** The object does not answer: the isolate counts by itself. */
  get isUnreachable(): boolean {
    return this.#failures >= MAX_FAILURES;
  }

  /** True if unused slots should be returned to the object. */
  hasIdle({ running }: SlotLoad, now: number): boolean {
    return this.#granted(now) > running;
  }

  /** True if running calls need a grant, which must be renewed. */
  needsGrant({ running }: SlotLoad, now: number): boolean {
    return running > this.#ungranted(now);
  }

  recordStart({ running }: SlotLoad): void {
    this.#peak = Math.max(this.#peak, running);
  }

  /** A call has ended. While other isolates wait, its slot is returned. */
  recordEnd(load: SlotLoad, now: number): void {
    if (this.#pending !== undefined) this.#pending.ended += 1;
    if (this.#isShared(now)) this.#shrink(load.running);
  }

  /** Returns what was not used since this was called last. */
  returnIdle(load: SlotLoad): void {
    this.#shrink(Math.max(load.running, this.#withReserve(this.#peak)));
    this.#peak = load.running;
  }

  /** The request that is due; undefined where none is. */
  buildRequest(load: SlotLoad, now: number): PendingSlotRequest | undefined {
    if (this.#pending !== undefined) {
      // Its sender would have given it up by now: that request was canceled, and nothing is known of the object.
      if (now < this.#pending.sentAt + 2 * SLOT_TIMEOUT_MS) return undefined;
      this.#clearPending();
    }
    if (!this.#isDue(load, now)) return undefined;
    this.#sequence += 1;
    this.#pending = { sequence: this.#sequence, sentAt: now, ended: 0 };
    const granted = this.#granted(now);
    const isShared = this.#isShared(now);
    const kept = isShared ? load.running : Math.max(load.running, this.#withReserve(this.#peak));
    const keep = Math.min(granted, kept);
    const needed = load.running + load.waiting;
    const wanted = Math.max(
      load.running,
      keep,
      Math.min(this.#capacity, isShared ? needed : this.#withReserve(needed)),
    );
    this.#held = Math.min(this.#held, keep);
    this.#hasReturned = false;
    const { running } = load;
    return { sequence: this.#sequence, capacity: this.#capacity, running, keep, wanted };
  }

  applyReply(request: PendingSlotRequest, reply: SlotReply, load: SlotLoad, now: number): void {
    if (this.#pending?.sequence !== request.sequence) return;
    const { sentAt, ended } = this.#pending;
    this.#pending = undefined;
    this.#failures = 0;
    this.#held = reply.held;
    this.#requestedAt = sentAt;
    this.#expiresAt = sentAt + SLOT_TTL_MS;
    this.#isContended = reply.isContended;
    this.#retryAt = now + reply.retryMs;
    if (reply.isContended) {
      this.#shrink(Math.max(load.running, Math.min(reply.held - ended, load.running + load.waiting)));
    }
  }

  /** No response came. The requested slots may have been granted or not: they are not used. */
  markLost(request: PendingSlotRequest, now: number): void {
    if (this.#pending?.sequence !== request.sequence) return;
    this.#clearPending();
    this.#failures += 1;
    this.#retryAt = this.isUnreachable ? now + PROBE_INTERVAL_MS : now;
  }

  /** When those that wait should look again whether a request is due. */
  msUntilRequest(now: number): number {
    if (this.#pending !== undefined) return SLOT_TIMEOUT_MS;
    return this.limit(now) >= this.#capacity ? SLOT_CHECK_INTERVAL_MS : Math.max(0, this.#retryAt - now);
  }

  #isDue({ running, waiting }: SlotLoad, now: number): boolean {
    if (this.isUnreachable) return now >= this.#retryAt;
    if (this.#hasReturned && now < this.#expiresAt) return true;
    if (waiting > 0 && now >= this.#retryAt && this.limit(now) < this.#capacity) return true;
    if (!this.needsGrant({ running, waiting }, now)) return false;
    if (now >= this.#requestedAt + RENEW_AFTER_MS || running > this.#granted(now)) return true;
    return running === this.#granted(now) && this.#withReserve(running) > running && now >= this.#retryAt;
  }

  /** The object may have granted slots that the isolate never received, so the next request reports the held ones. */
  #clearPending(): void {
    this.#pending = undefined;
    this.#hasReturned = true;
  }

  #shrink(to: number): void {
    if (to >= this.#held) return;
    this.#held = to;
    this.#hasReturned = true;
  }

  #granted(now: number): number {
    return now < this.#expiresAt ? this.#held : 0;
  }

  #ungranted(now: number): number {
    return this.#isShared(now) ? 0 : ungrantedSlots(this.#capacity);
  }

  /** Other isolates wait, so no slot is kept for later, and every call requests one. */
  #isShared(now: number): boolean {
    return this.#isContended && now < this.#expiresAt;
  }

  #withReserve(calls: number): number {
    if (this.#capacity < MIN_SHARED_CAPACITY) return calls;
    return Math.min(this.#capacity, calls + Math.ceil(calls / RESERVE_SHARE));
  }
}
