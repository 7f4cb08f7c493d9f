/** What an isolate knows of its tenant's breakers, and what it has to tell of the calls it made. */
import type { BreakerTerms, Pass } from "./breaker.ts";
import type { BreakerReport, BreakerView } from "./breakers.ts";
import type { Outcome } from "./outcome.ts";

interface Known {
  readonly state: BreakerView["state"];
  readonly generation: number;
  readonly isForced: boolean;
  /** By this isolate's clock. */
  readonly retryAt: number;
}

const PROBING_RETRY_MS = 1000;

interface Told {
  readonly pass: Pass;
  readonly terms: BreakerTerms;
  total: number;
  failures: number;
  slow: number;
}

export class BreakerWatch {
  #known = new Map<string, Known>();
  readonly #calls = new Map<string, Told>();

  /** All breakers that are or were open come with every answer; one that does not come is closed and new. */
  learn(views: readonly BreakerView[], now: number): void {
    this.#known = new Map(
      views.map(({ serverId, retryMs, ...view }) => [serverId, { ...view, retryAt: now + retryMs }]),
    );
  }

  /** "due": it may be tried, with a pass from the tenant's object. */
  stateOf(serverId: string, now: number): "closed" | "due" | "open" {
    const known = this.#known.get(serverId);
    if (known === undefined || known.state === "closed") return "closed";
    if (known.isForced) return "open";
    return known.state === "half_open" || now >= known.retryAt ? "due" : "open";
  }

  /** An administrator holds it open; it stays so until an administrator releases it. */
  isHeldOpen(serverId: string): boolean {
    const known = this.#known.get(serverId);
    return known?.isForced === true && known.state === "open";
  }

  /** How long until a call may be tried. While probes decide, which takes about as long as a call. */
  retryMs(serverId: string, now: number): number {
    const known = this.#known.get(serverId);
    return Math.max(PROBING_RETRY_MS, known === undefined ? 0 : known.retryAt - now);
  }

  /** For a server whose breaker is closed; of others the tenant's object gives it. */
  pass(serverId: string): Pass {
    return { generation: this.#known.get(serverId)?.generation ?? 0, isProbe: false };
  }

  /** True when the object should hear of it at once rather than with the next question. */
  note(serverId: string, pass: Pass, outcome: Outcome, ms: number, terms: BreakerTerms): boolean {
    if (outcome === "ignored") return false;
    const told = this.#told(serverId, pass, terms);
    told.total += 1;
    if (outcome === "failure") told.failures += 1;
    else if (ms >= terms.slowMs) told.slow += 1;
    return pass.isProbe || outcome === "failure";
  }

  /** What was told has not arrived. */
  restore(reports: readonly BreakerReport[]): void {
    for (const { serverId, pass, terms, total, failures, slow } of reports) {
      const told = this.#told(serverId, pass, terms);
      told.total += total;
      told.failures += failures;
      told.slow += slow;
    }
  }

  /** What has not been told yet; it counts as told from now on. */
  drain(): BreakerReport[] {
    const reports = Array.from(this.#calls, ([key, told]) => ({
      serverId: key.slice(0, key.indexOf(" ")),
      ...told,
    }));
    this.#calls.clear();
    return reports;
  }

  #told(serverId: string, pass: Pass, terms: BreakerTerms): Told {
    const key = `${serverId} ${pass.generation} ${pass.isProbe}`;
    const told = this.#calls.get(key) ?? { pass, terms, total: 0, failures: 0, slow: 0 };
    this.#calls.set(key, told);
    return told;
  }
}
