/**
 * Temporary bans. A client that repeatedly continues after a rate limit rejection is banned, each time for longer. A ban expires automatically, and the history is deleted after a long idle time.
 */
import type { BanTerms } from "./lease/sync-messages.ts";

export const BAN_TERMS: BanTerms = {
  violations: 100,
  windowMs: 60_000,
  firstMs: 60_000,
  longestMs: 86_400_000,
  growth: 2,
  forgetMs: 86_400_000,
};

/** The violations of one client: an IP address or its prefix (see clientPrefix). */
export interface ViolationHistory {
  readonly windowFrom: number;
  readonly violations: number;
  /** Bans so far. */
  readonly bans: number;
  readonly bannedUntil: number;
}

const NO_VIOLATIONS: ViolationHistory = {
  windowFrom: 0,
  violations: 0,
  bans: 0,
  bannedUntil: Number.NEGATIVE_INFINITY,
};

/** `banned`: by this very report. */
export function addViolations(
  before: ViolationHistory | undefined,
  count: number,
  terms: BanTerms,
  now: number,
): { conduct: ViolationHistory; banned: boolean } {
  const known = before !== undefined && !isExpired(before, terms, now) ? before : NO_VIOLATIONS;
  // Requests that arrive while a ban is propagated were already in flight, so they do not count as violations.
  if (now < known.bannedUntil) return { conduct: known, banned: false };
  const isSameWindow = now - known.windowFrom < terms.windowMs;
  const violations = (isSameWindow ? known.violations : 0) + count;
  const windowFrom = isSameWindow ? known.windowFrom : now;
  if (violations < terms.violations) return { conduct: { ...known, windowFrom, violations }, banned: false };
  const ms = Math.min(terms.longestMs, terms.firstMs * terms.growth ** known.bans);
  const bannedUntil = now + ms;
  return { conduct: { windowFrom: now, violations: 0, bans: known.bans + 1, bannedUntil }, banned: true };
}

export function isExpired(history: ViolationHistory, terms: BanTerms, now: number): boolean {
  const since = Math.max(history.windowFrom + terms.windowMs, history.bannedUntil);
  return history.bans === 0 ? now >= since : now - since >= terms.forgetMs;
}

/** The bans in force in an isolate, checked before anything else by one lookup. */
export class BanList {
  readonly #until = new Map<string, number>();

  /** All that are in force, each `forMs` from now; the clocks of isolates and objects need not agree. */
  replaceAll(bans: readonly { readonly place: string; readonly forMs: number }[], now: number): void {
    this.#until.clear();
    for (const { place, forMs } of bans) this.#until.set(place, now + forMs);
  }

  /** Returns the remaining duration of the ban, or undefined if the client is not banned. */
  remainingMs(place: string, now: number): number | undefined {
    const until = this.#until.get(place);
    if (until === undefined) return undefined;
    if (now < until) return until - now;
    this.#until.delete(place);
    return undefined;
  }
}
