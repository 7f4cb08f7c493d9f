/**
 * What an isolate may admit by itself: the leases it holds of one tenant's limits, and which of them are known to be
 * spent. Its answer to a request is one of three: go on, stop, or ask the tenant's object and come back.
 *
 *     const verdict = book.decide(limits, now)
 *     if (verdict.kind === "ask") { const ask = book.ask(limits, now); book.learn(ask, await object.lease(ask), later) }
 *     if (verdict.kind === "admit" && verdict.refill) waitUntil: book.refill(now), the object's answer, book.learn
 */
import { changeTerms, type Held, isLow, LOW_MS, newHeld, wantedAhead } from "./held.ts";
import { giveBack, type HeldLease } from "./holding.ts";
import {
  type Claim,
  type Grant,
  LEASE_MS,
  type LeaseAnswer,
  type LeaseAsk,
  type Limit,
  type Settlement,
} from "./lease.ts";

export type Verdict =
  | { readonly kind: "admit"; readonly refill: boolean }
  | Denial
  | { readonly kind: "ask" };

export interface Denial {
  readonly kind: "deny";
  readonly limit: Limit;
  readonly retryMs: number;
}

/** What is known of a limit, for the headers. */
export interface Quota {
  readonly limit: Limit;
  readonly remaining: number;
  readonly resetMs: number;
}

interface Pending {
  readonly askedAt: number;
  readonly waits: boolean;
  readonly limits: readonly Limit[];
  /** Taken from what was at hand for the request that waits. */
  readonly own: readonly HeldLease[];
}

const ADMIT: Verdict = { kind: "admit", refill: false };
const ADMIT_AND_REFILL: Verdict = { kind: "admit", refill: true };
const ASK: Verdict = { kind: "ask" };

/** An answer that has not come by then is taken for lost. */
const PATIENCE_MS = 2000;
const MOST_HELD = 10_000;
const IDLE_MS = 60_000;

export class LeaseBook {
  readonly #held = new Map<string, Held>();
  readonly #pending = new Map<string, Pending & { readonly ask: LeaseAsk }>();
  readonly #id: string;
  #asks = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #refillAt = Number.NEGATIVE_INFINITY;
  #demand = 0;
  #refusals: Record<string, number> = {};
  #owed: Settlement[] = [];

  /** `id`: unlike that of any other book there ever is. */
  constructor(id: string) {
    this.#id = id;
  }

  /** Counts the request, and spends one token of each limit if it is admitted. */
  decide(limits: readonly Limit[], now: number): Verdict {
    this.#demand += 1;
    let mustAsk = false;
    let denied: Held | undefined;
    for (const limit of limits) {
      const held = this.#held.get(limit.key) ?? this.#open(limit, now);
      if (held.holding.limit !== limit) changeTerms(held, limit);
      held.demand.count(now);
      held.touchedAt = now;
      if (held.deniedUntil > now && (denied === undefined || held.retryAt > denied.retryAt)) denied = held;
      else if (!mustAsk && !held.holding.has(now)) mustAsk = true;
    }
    if (denied !== undefined)
      return { kind: "deny", limit: denied.holding.limit, retryMs: denied.retryAt - now };
    if (mustAsk) return ASK;
    let low = false;
    for (const limit of limits) {
      const held = this.#held.get(limit.key);
      if (held === undefined) continue;
      held.holding.spend(now);
      low ||= isLow(held, now);
    }
    return low && now - this.#refillAt >= LOW_MS / 2 ? ADMIT_AND_REFILL : ADMIT;
  }

  /** For a request that waits. Undefined is never an answer: send it, and `learn` or `lost` it. */
  ask(limits: readonly Limit[], now: number): LeaseAsk {
    const own: HeldLease[] = [];
    const claims: Claim[] = [];
    for (const limit of limits) {
      const held = this.#held.get(limit.key) ?? this.#open(limit, now);
      this.#owed.push(...held.holding.settle(now));
      const lease = held.holding.spend(now);
      if (lease === undefined) claims.push({ limit, now: 1, ahead: wantedAhead(held, now) });
      else own.push(lease);
    }
    return this.#send(claims, { askedAt: now, waits: true, limits, own });
  }

  /** In the background, for those that will come. Undefined if there is nothing to ask for. */
  refill(now: number): LeaseAsk | undefined {
    const claims: Claim[] = [];
    for (const held of this.#held.values()) {
      if (!isLow(held, now)) continue;
      const ahead = wantedAhead(held, now);
      if (ahead > 0) claims.push({ limit: held.holding.limit, now: 0, ahead });
    }
    if (claims.length === 0) return undefined;
    this.#refillAt = now;
    this.#collect(now);
    return this.#send(claims, { askedAt: now, waits: false, limits: [], own: [] });
  }

  /** A lease's time after each ask: gives back what is left. Undefined if nothing is, or it has been asked again. */
  flush(now: number): LeaseAsk | undefined {
    if (now - this.#askedAt < LEASE_MS) return undefined;
    const hasRest = [...this.#held.values()].some(({ holding }) => holding.hasRest(now));
    if (!hasRest && !this.#owed.some(({ isLost }) => isLost)) return undefined;
    this.#collect(now);
    return this.#send([], { askedAt: now, waits: false, limits: [], own: [] });
  }

  /** When `flush` is worth a try; undefined while nothing is held that could be given back. */
  flushInMs(now: number): number | undefined {
    const isLost = this.#owed.some((told) => told.isLost);
    const isHolding = isLost || [...this.#held.values()].some(({ holding }) => holding.hasLeft);
    return isHolding ? Math.max(0, this.#askedAt + LEASE_MS - now) : undefined;
  }

  /** "ask" if the answer was given up before it came. Whoever only refills need not look at the verdict. */
  learn(ask: LeaseAsk, answer: LeaseAnswer, now: number): Verdict {
    const pending = this.#pending.get(ask.id);
    if (pending === undefined) return ASK;
    this.#pending.delete(ask.id);
    for (const claim of ask.claims) {
      const grant = answer.granted.find(({ key }) => key === claim.limit.key);
      const held = this.#held.get(claim.limit.key) ?? this.#open(claim.limit, now);
      if (grant !== undefined) this.#keep(held, ask.id, grant, pending.askedAt, now);
      if (claim.ahead > 0) held.byOnes = (grant?.ahead ?? 0) === 0;
    }
    const denial = this.#denied(answer, ask, pending.askedAt, now);
    if (!pending.waits) return denial ?? ADMIT;
    // Each claim was for the one that waits, and all are granted or none.
    const verdict = denial ?? (answer.granted.length === ask.claims.length ? ADMIT : ASK);
    if (verdict.kind !== "admit") pending.own.forEach(giveBack);
    return verdict;
  }

  /** The answer will not come. What it may have granted is given back, and what was told is told again. */
  lost(ask: LeaseAsk): void {
    const pending = this.#pending.get(ask.id);
    if (pending === undefined) return;
    this.#pending.delete(ask.id);
    pending.own.forEach(giveBack);
    this.#demand += ask.demand;
    this.#owed.push(...ask.settled);
    for (const { limit } of ask.claims) {
      this.#owed.push({ askId: ask.id, limit, uses: [], isLost: true });
    }
  }

  quotas(limits: readonly Limit[], now: number): Quota[] {
    return limits.map((limit) => {
      const held = this.#held.get(limit.key);
      if (held === undefined) return { limit, remaining: Math.floor(limit.count * limit.burst), resetMs: 0 };
      const remaining = held.deniedUntil > now ? 0 : held.remaining + held.holding.left(now);
      return { limit, remaining, resetMs: Math.max(0, held.resetAt - now) };
    });
  }

  #keep(held: Held, askId: string, grant: Grant, askedAt: number, now: number): void {
    if (grant.ahead > 0) held.holding.add(askId, grant, askedAt);
    held.remaining = grant.remaining;
    held.resetAt = now + grant.resetMs;
    held.deniedUntil = Number.NEGATIVE_INFINITY;
  }

  #denied(answer: LeaseAnswer, ask: LeaseAsk, askedAt: number, now: number): Denial | undefined {
    let longest: Denial | undefined;
    for (const { key, retryMs, askAgainMs } of answer.refused) {
      const limit = ask.claims.find((claim) => claim.limit.key === key)?.limit;
      const held = this.#held.get(key);
      if (limit === undefined || held === undefined) continue;
      held.remaining = 0;
      // Counted from before the object looked: a little early costs a question, a little late a wrong answer.
      held.deniedUntil = askedAt + askAgainMs;
      held.retryAt = now + retryMs;
      held.resetAt = Math.max(held.resetAt, held.retryAt);
      if (longest === undefined || retryMs > longest.retryMs) longest = { kind: "deny", limit, retryMs };
    }
    return longest;
  }

  #send(claims: Claim[], pending: Pending): LeaseAsk {
    const { askedAt } = pending;
    for (const late of this.#pending.values()) {
      if (askedAt - late.askedAt < PATIENCE_MS) break;
      this.lost(late.ask);
    }
    this.#asks += 1;
    this.#askedAt = askedAt;
    const ask: LeaseAsk = {
      id: `${this.#id}-${this.#asks}`,
      claims,
      settled: this.#owed,
      demand: this.#demand,
      refused: this.#refusals,
    };
    this.#owed = [];
    this.#demand = 0;
    this.#refusals = {};
    this.#pending.set(ask.id, { ...pending, ask });
    return ask;
  }

  #collect(now: number): void {
    for (const [key, held] of this.#held) {
      if (!held.holding.isEmpty) this.#owed.push(...held.holding.settle(now));
      else if (now - held.touchedAt > IDLE_MS) this.#held.delete(key);
    }
  }

  #open(limit: Limit, now: number): Held {
    const held = newHeld(limit, now);
    this.#held.set(limit.key, held);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST_HELD && oldest !== undefined) this.#held.delete(oldest);
    return held;
  }
}
