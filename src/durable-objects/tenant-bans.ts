/** The active bans of a tenant, stored with its Durable Object and sent to isolates as a versioned list. */
import { addViolations, BAN_TERMS, isExpired, type ViolationHistory } from "../core/limits/bans.ts";
import type { Ban, BanTerms, NewBan, Violation } from "../core/limits/lease/sync-messages.ts";
import type { TrafficStore } from "./traffic-store.ts";

/** More would make every answer long; the oldest are near their end anyway. */
const MAX_REPORTED_BANS = 500;

export class TenantBans {
  readonly #tables: TrafficStore;
  readonly #conduct: Map<string, ViolationHistory>;
  /** New with every start, so that isolates fetch the list anew. */
  #version = Date.now();

  constructor(tables: TrafficStore) {
    this.#tables = tables;
    this.#conduct = new Map(tables.listViolationHistories());
  }

  /** Returns the bans that begin with this very report. */
  report(violations: readonly Violation[], terms: BanTerms, now: number): NewBan[] {
    return violations.flatMap(({ place, count }) => {
      const before = this.#conduct.get(place)?.violations ?? 0;
      const { conduct, banned } = addViolations(this.#conduct.get(place), count, terms, now);
      this.#conduct.set(place, conduct);
      if (!banned) return [];
      // Only bans are worth a row: what has been counted towards one may be lost.
      this.#tables.saveViolationHistory(place, conduct);
      this.#version += 1;
      return [{ place, forMs: conduct.bannedUntil - now, violations: before + count }];
    });
  }

  list(known: number | undefined, now: number): { version: number; bans: Ban[] } | undefined {
    if (known === this.#version) return undefined;
    const inForce = [...this.#conduct]
      .filter(([, { bannedUntil }]) => now < bannedUntil)
      .slice(-MAX_REPORTED_BANS);
    const bans = inForce.map(([place, { bannedUntil }]) => ({ place, forMs: bannedUntil - now }));
    return { version: this.#version, bans };
  }

  lift(place: string): void {
    this.#conduct.delete(place);
    this.#tables.saveViolationHistory(place, undefined);
    this.#version += 1;
  }

  deleteExpired(now: number): void {
    for (const [place, conduct] of this.#conduct) {
      if (!isExpired(conduct, BAN_TERMS, now)) continue;
      this.#conduct.delete(place);
      if (conduct.bans > 0) this.#tables.saveViolationHistory(place, undefined);
    }
  }
}
