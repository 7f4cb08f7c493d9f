/**
 * Leases in the hands of whoever took them: an isolate that spends them one by one, or a tenant's object that lends
 * them on. A lease is over when it is spent or its time is up; then it is told of, once, and what is left goes back.
 */
import type { Grant, Limit, Settlement, Use } from "./lease.ts";

export interface HeldLease {
  readonly askId: string;
  left: number;
  /** Given on to others who have not told yet what they did with it. */
  lent: number;
  /** By the holder's own clock, counted from when it asked. */
  readonly until: number;
  /** What was spent within a moment is one use, at the end of the moment. */
  readonly uses: { since: number; at: number; count: number }[];
}

const MOMENT_MS = 100;

export class Holding {
  /** As asked for last: it changes at run time. */
  limit: Limit;
  /** Oldest first. */
  #leases: HeldLease[] = [];

  constructor(limit: Limit) {
    this.limit = limit;
  }

  get isEmpty(): boolean {
    return this.#leases.length === 0;
  }

  /** Something could be given back, now or when its time is up. */
  get hasLeft(): boolean {
    return this.#leases.some(({ left }) => left > 0);
  }

  add(askId: string, grant: Grant, askedAt: number): void {
    const until = askedAt + grant.ttlMs;
    this.#leases.push({ askId, left: grant.ahead, lent: 0, until, uses: [] });
  }

  /** What can still be spent at a moment: now, or a little later. */
  left(at: number): number {
    let sum = 0;
    for (const lease of this.#leases) if (at < lease.until) sum += lease.left;
    return sum;
  }

  has(now: number): boolean {
    for (const lease of this.#leases) if (lease.left > 0 && now < lease.until) return true;
    return false;
  }

  spend(now: number): HeldLease | undefined {
    for (const lease of this.#leases) {
      if (lease.left === 0 || now >= lease.until) continue;
      lease.left -= 1;
      use(lease, 1, now);
      return lease;
    }
    return undefined;
  }

  /** From those that live on for `forMs` at least; the oldest first. */
  lend(count: number, forMs: number, now: number): Loan[] {
    const loans: Loan[] = [];
    let wanted = count;
    for (const lease of this.#leases) {
      if (wanted === 0) break;
      const lent = lease.until - now < forMs ? 0 : Math.min(wanted, lease.left);
      if (lent === 0) continue;
      lease.left -= lent;
      lease.lent += lent;
      wanted -= lent;
      loans.push({ lease, count: lent });
    }
    return loans;
  }

  /** Something is over that others could use. */
  hasRest(now: number): boolean {
    return this.#leases.some((lease) => lease.left > 0 && now >= lease.until);
  }

  /** The leases that are over, told of once. Loans that nobody has told of count as spent. */
  settle(now: number): Settlement[] {
    const over = this.#leases.filter((lease) => now >= lease.until || (lease.left === 0 && lease.lent === 0));
    if (over.length === 0) return [];
    this.#leases = this.#leases.filter((lease) => !over.includes(lease));
    return over.map((lease) => {
      if (lease.lent > 0) use(lease, lease.lent, lease.until);
      const uses = lease.uses.map(({ at, count }) => ({ ageMs: now - at, count }));
      return { askId: lease.askId, limit: this.limit, uses, isLost: false };
    });
  }
}

function use(lease: HeldLease, count: number, at: number): void {
  const last = lease.uses.at(-1);
  if (last === undefined || at - last.since >= MOMENT_MS) lease.uses.push({ since: at, at, count });
  else {
    last.count += count;
    last.at = Math.max(last.at, at);
  }
}

/** What was spent last was not, after all. */
export function giveBack(lease: HeldLease): void {
  const last = lease.uses.at(-1);
  if (last === undefined) return;
  lease.left += 1;
  last.count -= 1;
  if (last.count === 0) lease.uses.pop();
}

export interface Loan {
  readonly lease: HeldLease;
  readonly count: number;
}

/** A borrower has told what it did with its loans; what it has not used may be lent again. */
export function repay(loans: readonly Loan[], uses: readonly Use[], now: number): void {
  const told = uses.map(({ count, ageMs }) => ({ count, at: now - ageMs }));
  for (const { lease, count } of loans) {
    let left = count;
    for (const spent of told) {
      const here = Math.min(spent.count, left);
      left -= here;
      spent.count -= here;
      if (here > 0) use(lease, here, Math.min(spent.at, lease.until));
    }
    lease.lent -= count;
    lease.left += left;
  }
}
