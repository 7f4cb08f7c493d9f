/**
 * Grants a server's concurrency slots to isolates. Runs in the tenant's object, and keeps its state in memory.
 *
 * Invariant: the unexpired grants of a server never exceed its capacity, except by calls that are running already (they
 * cannot be taken back: after the capacity was lowered, or when a grant ended before its call). A grant that is not
 * renewed ends after SLOT_TTL_MS, so the slots of an isolate that has died come back by themselves.
 *
 * Slots that several isolates wait for are shared by max-min fairness over what each holds; between equals, the one that
 * has waited longest is first. A free slot is reserved for an isolate that is ahead, until its next request is due.
 */
import { SLOT_TTL_MS, type SlotReply, type SlotRequest } from "./slots.ts";

const MIN_RETRY_MS = 10;
const MAX_RETRY_MS = 250;
/** A waiting isolate repeats its request after a part of the time that it has waited already. */
const RETRY_SHARE = 8;
/** For a request that is on its way later than it should be. */
const RESERVATION_MARGIN_MS = 250;

/** When a holder began to wait for the next slot; of two that began at once, the first has the lower order. */
interface WaitPosition {
  readonly order: number;
  readonly since: number;
}

interface SlotContender {
  readonly held: number;
  readonly wanted: number;
  readonly place: WaitPosition;
}

interface Holder extends SlotContender {
  readonly sequence: number;
  readonly expiresAt: number;
  /** Free slots are reserved for it until then, where it needs more than it holds. */
  readonly reservedUntil: number;
}

export class SlotIssuer {
  readonly #servers = new Map<string, Map<string, Holder>>();
  readonly #silentUntil: number;
  #order = 0;
  #lastExpiry = Number.NEGATIVE_INFINITY;

  /**
   * Until `silentUntil` nothing is granted beyond what isolates hold already: an issuer that has lost its memory collects
   * from their renewals what its predecessor granted.
   */
  constructor(silentUntil = Number.NEGATIVE_INFINITY) {
    this.#silentUntil = silentUntil;
  }

  /** When the last grant ends, if it is not renewed. */
  get lastExpiry(): number {
    return this.#lastExpiry;
  }

  issue(request: SlotRequest, now: number): SlotReply {
    const holders = this.#getHolders(request.serverId, now);
    const before = holders.get(request.holderId);
    if (before !== undefined && request.sequence <= before.sequence) {
      return { held: before.held, isContended: false, retryMs: MAX_RETRY_MS };
    }
    holders.delete(request.holderId);
    const { sequence, running, wanted } = request;
    // A holder can keep only what it was granted: an expired grant may have been granted to another holder.
    const base = Math.max(running, Math.min(request.keep, before?.held ?? 0));
    const earlier = before !== undefined && isWaiting(before) ? before.place : this.#nextPosition(now);
    const held = base + this.#extra(request.capacity, { held: base, wanted, place: earlier }, holders, now);
    const place = held > base ? this.#nextPosition(now) : earlier;
    const retryMs = held < wanted ? retryAfterMs(now - place.since) : 0;
    // Without memory it is not known who has been granted the slots of calls that have outlived their grant.
    const isUncertain = now < this.#silentUntil && running > request.keep;
    const isContended =
      isUncertain || hasContention(Array.from(holders.values()), request.capacity - held, now);
    if (wanted > 0) {
      const expiresAt = now + SLOT_TTL_MS;
      const reservedUntil = now + retryMs + RESERVATION_MARGIN_MS;
      holders.set(request.holderId, { sequence, held, wanted, place, expiresAt, reservedUntil });
      if (held > 0) this.#lastExpiry = Math.max(this.#lastExpiry, expiresAt);
    } else if (holders.size === 0) this.#servers.delete(request.serverId);
    return { held, isContended, retryMs };
  }

  /** The slots that the sender is given in addition to what it has. */
  #extra(capacity: number, own: SlotContender, others: ReadonlyMap<string, Holder>, now: number): number {
    if (now < this.#silentUntil) return 0;
    let free = capacity - own.held;
    for (const other of others.values()) free -= other.held;
    const ahead = Array.from(others.values()).filter((other) => hasReservation(other, now));
    return free <= 0 ? 0 : fairShare(own, ahead, free);
  }

  #nextPosition(since: number): WaitPosition {
    this.#order += 1;
    return { order: this.#order, since };
  }

  #getHolders(serverId: string, now: number): Map<string, Holder> {
    let holders = this.#servers.get(serverId);
    if (holders === undefined) {
      holders = new Map();
      this.#servers.set(serverId, holders);
    }
    for (const [id, { expiresAt }] of holders) if (now >= expiresAt) holders.delete(id);
    return holders;
  }

  /** Servers without a grant that is in force need no memory. */
  deleteExpired(now: number): void {
    for (const serverId of this.#servers.keys()) {
      if (this.#getHolders(serverId, now).size === 0) this.#servers.delete(serverId);
    }
  }
}

/** Others wait for slots, or more calls run than the capacity allows: a slot is returned when its call ends. */
const hasContention = (others: readonly Holder[], left: number, now: number) =>
  others.some((other) => hasReservation(other, now)) ||
  others.reduce((sum, other) => sum + other.held, 0) > left;

const isWaiting = ({ held, wanted }: SlotContender) => held < wanted;

const hasReservation = (holder: Holder, now: number) => isWaiting(holder) && now < holder.reservedUntil;

function retryAfterMs(waitedMs: number): number {
  return Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, Math.ceil(waitedMs / RETRY_SHARE)));
}

/** What one of several contestants gets of the free slots, when each slot goes to the one that holds the fewest. */
function fairShare(own: SlotContender, others: readonly SlotContender[], free: number): number {
  const all = [...others, own];
  const filledTo = (level: number) =>
    all.reduce((sum, { held, wanted }) => sum + Math.max(0, Math.min(wanted, level) - held), 0);
  let level = 0;
  let tooHigh = Math.max(...all.map(({ wanted }) => wanted)) + 1;
  while (level + 1 < tooHigh) {
    const middle = Math.floor((level + tooHigh) / 2);
    if (filledTo(middle) <= free) level = middle;
    else tooHigh = middle;
  }
  // The rest is less than one each: it goes to those that have waited longest.
  const next = all
    .filter(({ held, wanted }) => held <= level && level < wanted)
    .sort((one, other) => one.place.order - other.place.order);
  const rest = free - filledTo(level);
  const part = Math.max(0, Math.min(own.wanted, level) - own.held);
  return part + (next.slice(0, rest).includes(own) ? 1 : 0);
}
