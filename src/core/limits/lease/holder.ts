/**
 * The leases of one lessee: an isolate that spends tokens one by one, or a tenant object that grants subleases. A lease
 * ends when it is spent or expired. It is then settled once, and the remainder is returned.
 */

import type { LeaseSettlement, LeaseUsage, Limit } from "../algorithms/limit.ts";
import type { LeaseGrant } from "./protocol.ts";

export interface HeldLease {
  readonly leaseId: string;
  left: number;
  /** Tokens in subleases that are not settled yet. */
  lent: number;
  /** By the holder's own clock, counted from its request. */
  readonly until: number;
  /** What was spent within a moment is one use, at the end of the moment. */
  readonly usage: { since: number; at: number; count: number }[];
}

const USAGE_MERGE_MS = 100;

export class LeaseHolder {
  /** As requested last: it changes at run time. */
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
  get hasUnspent(): boolean {
    return this.#leases.some(({ left }) => left > 0);
  }

  add(leaseId: string, grant: LeaseGrant, requestedAt: number): void {
    const until = requestedAt + grant.ttlMs;
    this.#leases.push({ leaseId, left: grant.ahead, lent: 0, until, usage: [] });
  }

  /** What can still be spent at a moment: now, or a little later. */
  countRemaining(at: number): number {
    let sum = 0;
    for (const lease of this.#leases) if (at < lease.until) sum += lease.left;
    return sum;
  }

  hasTokens(count: number, now: number): boolean {
    let missing = count;
    for (const lease of this.#leases) {
      if (now < lease.until) missing -= lease.left;
      if (missing <= 0) return true;
    }
    return false;
  }

  /** All of them, from the oldest leases, or none: then the result is empty. */
  spend(count: number, now: number): readonly LeasePart[] {
    if (!this.hasTokens(count, now)) return NO_PARTS;
    const parts: LeasePart[] = [];
    let missing = count;
    for (const lease of this.#leases) {
      if (missing === 0) break;
      const taken = now < lease.until ? Math.min(missing, lease.left) : 0;
      if (taken === 0) continue;
      lease.left -= taken;
      missing -= taken;
      addUsage(lease, taken, now);
      parts.push({ lease, count: taken });
    }
    return parts;
  }

  /** From those that are valid for `forMs` at least; the oldest first. */
  sublease(count: number, forMs: number, now: number): LeasePart[] {
    const subleases: LeasePart[] = [];
    let missing = count;
    for (const lease of this.#leases) {
      if (missing === 0) break;
      const lent = lease.until - now < forMs ? 0 : Math.min(missing, lease.left);
      if (lent === 0) continue;
      lease.left -= lent;
      lease.lent += lent;
      missing -= lent;
      subleases.push({ lease, count: lent });
    }
    return subleases;
  }

  /** Something is over that others could use. */
  hasExpiredUnspent(now: number): boolean {
    return this.#leases.some((lease) => lease.left > 0 && now >= lease.until);
  }

  /** Returns the settlements of ended leases, each once. Unsettled subleases count as spent. */
  settle(now: number): LeaseSettlement[] {
    const over = this.#leases.filter((lease) => now >= lease.until || (lease.left === 0 && lease.lent === 0));
    if (over.length === 0) return [];
    this.#leases = this.#leases.filter((lease) => !over.includes(lease));
    return over.map((lease) => {
      if (lease.lent > 0) addUsage(lease, lease.lent, lease.until);
      const uses = lease.usage.map(({ at, count }) => ({ ageMs: now - at, count }));
      return { leaseId: lease.leaseId, limit: this.limit, uses, isLost: false };
    });
  }
}

function addUsage(lease: HeldLease, count: number, at: number): void {
  const last = lease.usage.at(-1);
  if (last === undefined || at - last.since >= USAGE_MERGE_MS) lease.usage.push({ since: at, at, count });
  else {
    last.count += count;
    last.at = Math.max(last.at, at);
  }
}

/** What was spent last was not, after all. */
export function returnTokens({ lease, count }: LeasePart): void {
  let left = count;
  for (let last = lease.usage.at(-1); left > 0 && last !== undefined; last = lease.usage.at(-1)) {
    const returned = Math.min(left, last.count);
    left -= returned;
    lease.left += returned;
    last.count -= returned;
    if (last.count === 0) lease.usage.pop();
  }
}

/** Tokens of a lease that were spent, or passed on as a sublease. */
export interface LeasePart {
  readonly lease: HeldLease;
  readonly count: number;
}

const NO_PARTS: readonly LeasePart[] = [];

/** Applies the settlement of subleases; unused tokens can be granted again. */
export function settleSubleases(
  subleases: readonly LeasePart[],
  uses: readonly LeaseUsage[],
  now: number,
): void {
  const spent = uses.map(({ count, ageMs }) => ({ count, at: now - ageMs }));
  for (const { lease, count } of subleases) {
    let left = count;
    for (const entry of spent) {
      const used = Math.min(entry.count, left);
      left -= used;
      entry.count -= used;
      if (used > 0) addUsage(lease, used, Math.min(entry.at, lease.until));
    }
    lease.lent -= count;
    lease.left += left;
  }
}
