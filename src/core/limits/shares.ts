/**
 * The system's capacity, split among tenants as they ask. While there is enough, everybody gets what they want; when
 * there is not, each may have in any window as much as weighted max-min fairness gives it, reckoned from what each has
 * asked for in the last window and is predicted to ask for in the next. So whoever was greedy waits until its share of
 * the window is free again, and what they leave goes to those who had less.
 */
import { waterLevel } from "./fairness.ts";
import { available, type Gate, lend, OPEN_GATE, settle, waitMs } from "./gate.ts";
import type { LeaseAnswer, LeaseAsk, Limit, Settlement } from "./lease.ts";
import { ASK_AGAIN_MS, type GateStore } from "./ledger.ts";
import { msUntilFreed, note, type SlidingWindow, spentIn } from "./window.ts";

export interface TenantTerms {
  readonly weight: number;
  /** At most that many times its fair share, however idle the system is. */
  readonly burst: number;
  /** Requests expected in the next window; 0 where nothing is known. */
  readonly predicted: number;
}

interface Tenant {
  terms: TenantTerms;
  demand: SlidingWindow;
  savedAt: number;
}

/** Long enough for a tenant's object to lend for a second, hear what became of it, and tell. */
const SHARE_MS = 3000;
/** Kept for tenants below their fair share of whom nothing was known a moment ago. */
const RESERVE = 0.005;
/** One tenant may keep that part of what is left for later. */
const PART = 1 / 4;
const LEVEL_MS = 100;
/** What each asked for is kept as well, but not so strictly: it steers, and counts nothing. */
const SAVE_DEMAND_MS = 5000;

export class Shares {
  readonly #store: GateStore;
  readonly #limit: Limit;
  readonly #tenants = new Map<string, Tenant>();
  #level = { at: Number.NEGATIVE_INFINITY, level: Number.POSITIVE_INFINITY, weights: 0 };

  constructor(store: GateStore, limit: Limit) {
    this.#store = store;
    this.#limit = limit;
  }

  answer(tenantId: string, terms: TenantTerms, ask: LeaseAsk, now: number): LeaseAnswer {
    this.#settle(tenantId, ask.settled, now);
    const isNew = !this.#tenants.has(tenantId);
    const tenant = this.#hear(tenantId, terms, ask, now);
    const [claim] = ask.claims;
    if (claim === undefined) return { granted: [], refused: [] };
    if (isNew || now - this.#level.at >= LEVEL_MS) this.#refreshLevel(now);

    const { windowMs, key } = this.#limit;
    const own = this.#gateOf(tenantId);
    const used = spentIn(own.window, this.#limit, now);
    const entitled = Math.floor(this.#entitlement(tenant));
    const fair = (this.#limit.count * terms.weight) / this.#level.weights;
    const reserved = used < fair ? 0 : Math.ceil(this.#limit.count * RESERVE);
    const system = this.#gateOf(key);
    const free = available(system, this.#limit, now) - reserved;
    const room = Math.min(free, entitled - used);
    const ahead = Math.min(room, claim.ahead, Math.max(1, Math.floor(free * PART)));
    if (ahead < 1) {
      const ownMs = msUntilFreed(own.window, this.#limit, used + 1 - entitled, now);
      const retryMs = Math.min(windowMs, Math.max(ownMs, waitMs(system, this.#limit, 1 + reserved, now)));
      return { granted: [], refused: [{ key, retryMs, askAgainMs: Math.min(retryMs, ASK_AGAIN_MS) }] };
    }
    const lease = { askId: ask.id, taken: 0, at: now, ahead, usableUntil: now + SHARE_MS };
    this.#save(key, lend(system, this.#limit, lease, now), now);
    this.#save(tenantId, lend(own, this.#limit, lease, now), now);
    const grant = { key, ahead, ttlMs: SHARE_MS, remaining: room - ahead, resetMs: windowMs };
    return { granted: [grant], refused: [] };
  }

  /** What each may have in a window just now; for the pages that show it. */
  entitlements(now: number): Map<string, number> {
    this.#refreshLevel(now);
    return new Map([...this.#tenants].map(([id, tenant]) => [id, this.#entitlement(tenant)]));
  }

  #entitlement({ terms }: Tenant): number {
    const { count } = this.#limit;
    const { level, weights } = this.#level;
    return Math.min(count, level * terms.weight, (count * terms.weight * terms.burst) / weights);
  }

  #refreshLevel(now: number): void {
    const { count } = this.#limit;
    const wishes: { terms: TenantTerms; demand: number }[] = [];
    for (const [id, { terms, demand }] of this.#tenants) {
      const asked = spentIn(demand, this.#limit, now);
      const used = spentIn(this.#gateOf(id).window, this.#limit, now);
      const wanted = Math.max(asked, used, terms.predicted);
      if (wanted === 0) this.#tenants.delete(id);
      else wishes.push({ terms, demand: wanted });
    }
    const weights = wishes.reduce((sum, { terms }) => sum + terms.weight, 0);
    const capped = wishes.map(({ terms: { weight, burst }, demand }) => ({
      weight,
      demand: Math.min(demand, (count * weight * burst) / weights),
    }));
    this.#level = { at: now, weights, level: waterLevel(capped, count * (1 - RESERVE)) };
  }

  #hear(tenantId: string, terms: TenantTerms, { demand, claims }: LeaseAsk, now: number): Tenant {
    const key = `${tenantId} demand`;
    const known = this.#tenants.get(tenantId);
    const tenant = known ?? { terms, demand: this.#gateOf(key).window, savedAt: now };
    tenant.terms = terms;
    // Whoever asks wants one at least, or it would be forgotten before it is served.
    const requests = Math.max(demand, claims.length);
    tenant.demand = note(tenant.demand, this.#limit, requests, now, now);
    this.#tenants.set(tenantId, tenant);
    if (now - tenant.savedAt >= SAVE_DEMAND_MS) {
      tenant.savedAt = now;
      this.#save(key, { ...OPEN_GATE, window: tenant.demand }, now);
    }
    return tenant;
  }

  #settle(tenantId: string, settled: readonly Settlement[], now: number): void {
    for (const told of settled) {
      for (const key of [this.#limit.key, tenantId]) {
        const next = settle(this.#gateOf(key), this.#limit, told, now);
        if (next !== undefined) this.#save(key, next, now);
      }
    }
  }

  #gateOf(key: string): Gate {
    return this.#store.get(key) ?? OPEN_GATE;
  }

  #save(key: string, gate: Gate, now: number): void {
    this.#store.put(key, gate, now + 2 * this.#limit.windowMs);
  }
}
