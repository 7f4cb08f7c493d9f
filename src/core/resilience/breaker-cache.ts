/** An isolate's copy of its tenant's breakers, and its reports of the calls it made. */
import type { BreakerPermit, BreakerTerms } from "./breaker.ts";
import type { BreakerReport, BreakerView } from "./breakers.ts";
import type { BreakerOutcome } from "./outcome.ts";

interface KnownBreaker {
  readonly state: BreakerView["state"];
  readonly generation: number;
  readonly isForced: boolean;
  /** By this isolate's clock. */
  readonly retryAt: number;
}

const PROBING_RETRY_MS = 1000;

interface UnreportedCalls {
  readonly pass: BreakerPermit;
  readonly terms: BreakerTerms;
  total: number;
  failures: number;
  slow: number;
}

export class BreakerCache {
  #known = new Map<string, KnownBreaker>();
  readonly #calls = new Map<string, UnreportedCalls>();

  /** All breakers that are or were open come with every answer; one that does not come is closed and new. */
  applyUpdate(views: readonly BreakerView[], now: number): void {
    this.#known = new Map(
      views.map(({ serverId, retryMs, ...view }) => [serverId, { ...view, retryAt: now + retryMs }]),
    );
  }

  /** "due": it may be tried, with a pass from the tenant's object. */
  getState(serverId: string, now: number): "closed" | "due" | "open" {
    const known = this.#known.get(serverId);
    if (known === undefined || known.state === "closed") return "closed";
    if (known.isForced) return "open";
    return known.state === "half_open" || now >= known.retryAt ? "due" : "open";
  }

  /** An administrator holds it open; it stays so until an administrator releases it. */
  isForcedOpen(serverId: string): boolean {
    const known = this.#known.get(serverId);
    return known?.isForced === true && known.state === "open";
  }

  /** How long until a call may be tried. While probes decide, which takes about as long as a call. */
  retryMs(serverId: string, now: number): number {
    const known = this.#known.get(serverId);
    return Math.max(PROBING_RETRY_MS, known === undefined ? 0 : known.retryAt - now);
  }

  /** For a server whose breaker is closed; of others the tenant's object gives it. */
  createPermit(serverId: string): BreakerPermit {
    return { generation: this.#known.get(serverId)?.generation ?? 0, isProbe: false };
  }

  /** Returns true if the tenant object must be notified immediately instead of with the next request. */
  addOutcome(
    serverId: string,
    pass: BreakerPermit,
    outcome: BreakerOutcome,
    ms: number,
    terms: BreakerTerms,
  ): boolean {
    if (outcome === "ignored") return false;
    const unreported = this.#getUnreported(serverId, pass, terms);
    unreported.total += 1;
    if (outcome === "failure") unreported.failures += 1;
    else if (ms >= terms.slowMs) unreported.slow += 1;
    return pass.isProbe || outcome === "failure";
  }

  /** The reports did not arrive and are sent again. */
  restoreReports(reports: readonly BreakerReport[]): void {
    for (const { serverId, pass, terms, total, failures, slow } of reports) {
      const unreported = this.#getUnreported(serverId, pass, terms);
      unreported.total += total;
      unreported.failures += failures;
      unreported.slow += slow;
    }
  }

  /** Returns the unsent reports and marks them as sent. */
  takeReports(): BreakerReport[] {
    const reports = Array.from(this.#calls, ([key, unreported]) => ({
      serverId: key.slice(0, key.indexOf(" ")),
      ...unreported,
    }));
    this.#calls.clear();
    return reports;
  }

  #getUnreported(serverId: string, pass: BreakerPermit, terms: BreakerTerms): UnreportedCalls {
    const key = `${serverId} ${pass.generation} ${pass.isProbe}`;
    const unreported = this.#calls.get(key) ?? { pass, terms, total: 0, failures: 0, slow: 0 };
    this.#calls.set(key, unreported);
    return unreported;
  }
}
