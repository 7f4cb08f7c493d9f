/**
 * A tenant's tokens of the system's capacity: leased from the global object for a few seconds, lent on to isolates for
 * one. A tenant's object asks for as many as its isolates need just now, before they are gone.
 */
import { Demand } from "./demand.ts";
import { Holding, type Loan, repay } from "./holding.ts";
import { LEASE_MS, type LeaseAnswer, type LeaseAsk, type Limit, type Settlement } from "./lease.ts";
import type { Lent, Source } from "./ledger.ts";

/** What has less time left is only good for requests that wait. */
const LOAN_MS = LEASE_MS;
/** What is there should last that long, and is asked for again when it lasts half of it. */
const KEEP_MS = 1500;
/** For the first request of a tenant that was quiet. */
const LEAST_AHEAD = 4;
const PATIENCE_MS = 2000;
const PAUSE_MS = 250;

export class Purse implements Source {
  /** Its isolates are the only borrowers, and share it among themselves. */
  readonly part = () => 1 / 2;
  readonly least = 1;
  readonly #limit: Limit;
  readonly #id: string;
  readonly #holding: Holding;
  readonly #loans = new Map<string, readonly Loan[]>();
  #demand: Demand;
  #heard = 0;
  #owed: Settlement[] = [];
  #asks = 0;
  #pending: { readonly ask: LeaseAsk; readonly at: number } | undefined;
  #refusedUntil = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;

  /** `id`: unlike that of any purse there ever is, also after a restart. */
  constructor(id: string, limit: Limit, now: number) {
    this.#id = id;
    this.#limit = limit;
    this.#holding = new Holding(limit);
    this.#demand = new Demand(now);
  }

  /** Requests that isolates have seen. */
  hear(requests: number, now: number): void {
    this.#heard += requests;
    this.#demand.count(now, requests);
  }

  available(now: number): number {
    return this.#holding.left(now);
  }

  waitMs(now: number): number {
    return Math.max(PAUSE_MS, this.#retryAt - now);
  }

  resetMs(): number {
    return this.#limit.windowMs;
  }

  askAgainMs(): number {
    return PAUSE_MS;
  }

  lend(askId: string, taken: number, ahead: number, now: number): Lent | undefined {
    for (let spent = 0; spent < taken; spent += 1)
      if (this.#holding.spend(now) === undefined) return undefined;
    const loans = this.#holding.lend(ahead, LOAN_MS, now);
    if (loans.length > 0) this.#loans.set(askId, loans);
    return { ahead: loans.reduce((sum, { count }) => sum + count, 0), ttlMs: LOAN_MS };
  }

  settle({ askId, uses }: Settlement, now: number): void {
    const loans = this.#loans.get(askId);
    if (loans === undefined) return;
    this.#loans.delete(askId);
    repay(loans, uses, now);
  }

  /** Nothing is left and it is worth asking: a request waits. */
  isEmpty(now: number): boolean {
    return this.available(now) === 0 && now >= this.#refusedUntil;
  }

  /** Undefined while enough is there, or one ask is on its way. `waits`: a request needs one now. */
  ask(waits: boolean, now: number): LeaseAsk | undefined {
    if (this.#pending !== undefined && now - this.#pending.at >= PATIENCE_MS) this.lost(this.#pending.ask);
    if (this.#pending !== undefined || now < this.#refusedUntil) return undefined;
    const perMs = this.#demand.perMs(now);
    const there = this.#holding.left(now + KEEP_MS / 2);
    if (!waits && there >= (perMs * KEEP_MS) / 2) return undefined;
    const ahead = Math.max(LEAST_AHEAD, Math.ceil(perMs * KEEP_MS) - there);
    return this.#send(now, [{ limit: this.#limit, now: 0, ahead }]);
  }

  /** What is over is told of even if nobody needs anything, so that other tenants may have it. */
  flush(now: number): LeaseAsk | undefined {
    if (this.#pending !== undefined) return undefined;
    const hasSomething = this.#holding.hasRest(now) || this.#owed.length > 0 || this.#heard > 0;
    return hasSomething ? this.#send(now, []) : undefined;
  }

  learn(ask: LeaseAsk, answer: LeaseAnswer, now: number): void {
    if (this.#pending?.ask.id !== ask.id) return;
    const { at } = this.#pending;
    this.#pending = undefined;
    for (const grant of answer.granted) if (grant.ahead > 0) this.#holding.add(ask.id, grant, at);
    for (const { retryMs, askAgainMs } of answer.refused) {
      this.#refusedUntil = now + Math.min(askAgainMs, PAUSE_MS);
      this.#retryAt = now + retryMs;
    }
  }

  lost(ask: LeaseAsk): void {
    if (this.#pending?.ask.id !== ask.id) return;
    this.#pending = undefined;
    this.#heard += ask.demand;
    this.#owed.push(...ask.settled);
    if (ask.claims.length > 0) this.#owed.push({ askId: ask.id, limit: this.#limit, uses: [], isLost: true });
  }

  #send(now: number, claims: LeaseAsk["claims"]): LeaseAsk {
    this.#owed.push(...this.#holding.settle(now));
    for (const [askId, loans] of this.#loans) {
      // Their leases are told of; whoever borrowed them counts as having spent all.
      if (loans.every(({ lease }) => now >= lease.until)) this.#loans.delete(askId);
      else break;
    }
    this.#asks += 1;
    const ask = {
      id: `${this.#id}-${this.#asks}`,
      claims,
      settled: this.#owed,
      demand: this.#heard,
      refused: {},
    };
    this.#owed = [];
    this.#heard = 0;
    this.#pending = { ask, at: now };
    return ask;
  }
}
