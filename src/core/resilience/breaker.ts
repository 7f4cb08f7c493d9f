/**
 * The state machine of a circuit breaker. Closed, it counts outcomes; when too many of the last calls failed or were
 * slow, it opens and no calls pass. After a delay it becomes half-open and lets a few probes pass: it closes when they
 * succeed, and opens again for twice as long when one fails. An admin can force it open or closed.
 *
 * A call is of the generation in which it started. The outcome of a call of an earlier generation does not
 * describe the current state and is ignored.
 */
import type { BreakerState } from "../enums.ts";
import {
  addOutcome,
  EMPTY_WINDOW,
  type OutcomeCounts,
  type OutcomeWindow,
  sumOutcomes,
} from "./outcome-window.ts";

export interface BreakerTerms {
  /** The last `calls` calls, or what happened in the last `ms`. */
  readonly window: { readonly calls: number } | { readonly ms: number };
  /** With less than this nothing is decided. */
  readonly minimumCalls: number;
  /** Parts of all, 0 to 1. */
  readonly failureRate: number;
  readonly slowRate: number;
  readonly slowMs: number;
  readonly openMs: number;
  readonly longestOpenMs: number;
  /** Up to this part is added to the open time, so that not all servers are tried again at once. */
  readonly jitter: number;
  /** Probes at the same time while half open, and how many must succeed. */
  readonly probes: number;
  readonly successesToClose: number;
  /** A probe without an outcome for this long counts as failed. */
  readonly probeMs: number;
}

export const BREAKER_TERMS: BreakerTerms = {
  window: { ms: 30_000 },
  minimumCalls: 10,
  failureRate: 0.5,
  slowRate: 0.9,
  slowMs: 30_000,
  openMs: 5000,
  longestOpenMs: 300_000,
  jitter: 0.2,
  probes: 3,
  successesToClose: 3,
  probeMs: 60_000,
};

export interface Breaker {
  readonly state: BreakerState;
  /** Raised by every transition. */
  readonly generation: number;
  readonly since: number;
  readonly record: OutcomeWindow;
  /** How often it opened since it was last closed. */
  readonly opens: number;
  /** When probes may begin. */
  readonly nextAttemptAt: number;
  /** Start times of probes without an outcome, while half-open. */
  readonly probesSince: readonly number[];
  readonly successes: number;
  /** Held there by an admin. */
  readonly forced: "open" | "closed" | undefined;
}

export const INITIAL_BREAKER: Breaker = {
  state: "closed",
  generation: 0,
  since: 0,
  record: EMPTY_WINDOW,
  opens: 0,
  nextAttemptAt: 0,
  probesSince: [],
  successes: 0,
  forced: undefined,
};

export interface BreakerTransition {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason:
    | "failures"
    | "slow calls"
    | "probe failed"
    | "probes succeeded"
    | "time to probe"
    | "forced";
  readonly at: number;
  /** The calls that led to it: those of the window, or the probes. */
  readonly counts: OutcomeCounts;
  /** How often the breaker has opened in a row, and when probes may begin. */
  readonly opens: number;
  readonly nextAttemptAt: number;
}

export interface BreakerStep {
  readonly breaker: Breaker;
  readonly transition: BreakerTransition | undefined;
}

export interface BreakerClock {
  readonly now: number;
  readonly random: () => number;
}

/** Undefined: not now. Otherwise what to give to `report` when the call has ended. */
export type BreakerPermit = { readonly generation: number; readonly isProbe: boolean };

export function acquirePermit(
  breaker: Breaker,
  terms: BreakerTerms,
  now: number,
): BreakerStep & { readonly pass: BreakerPermit | undefined } {
  if (breaker.state === "closed" || breaker.forced === "closed") {
    const pass = { generation: breaker.generation, isProbe: false };
    return { breaker, transition: undefined, pass };
  }
  if (breaker.forced === "open") return { breaker, transition: undefined, pass: undefined };
  if (breaker.state === "open") {
    if (now < breaker.nextAttemptAt) return { breaker, transition: undefined, pass: undefined };
    const step = changeState(breaker, "half_open", "time to probe", now);
    return { ...startProbe(step.breaker, terms, now), transition: step.transition };
  }
  return { ...startProbe(breaker, terms, now), transition: undefined };
}

/** `calls`: of one generation, as an isolate reports them together. */
export function reportOutcome(
  breaker: Breaker,
  { generation, isProbe }: BreakerPermit,
  calls: OutcomeCounts,
  terms: BreakerTerms,
  { now, random }: BreakerClock,
): BreakerStep {
  const unchanged = { breaker, transition: undefined };
  if (generation !== breaker.generation || breaker.forced !== undefined) return unchanged;
  if (breaker.state === "half_open")
    return isProbe ? reportProbe(breaker, calls, terms, { now, random }) : unchanged;
  if (breaker.state === "open") return unchanged;
  const record = addOutcome(breaker.record, calls, terms.window, now);
  const { total, failures, slow } = sumOutcomes(record, terms.window, now);
  const next = { ...breaker, record };
  if (total < terms.minimumCalls) return { breaker: next, transition: undefined };
  const counts = { total, failures, slow };
  if (failures >= terms.failureRate * total) return open(next, "failures", counts, terms, { now, random });
  if (slow >= terms.slowRate * total) return open(next, "slow calls", counts, terms, { now, random });
  return { breaker: next, transition: undefined };
}

/** By an admin; undefined hands it back to the machine, as it stands. */
export function forceState(breaker: Breaker, to: "open" | "closed" | undefined, now: number): BreakerStep {
  if (to === undefined || breaker.state === to) {
    return { breaker: { ...breaker, forced: to }, transition: undefined };
  }
  const { breaker: moved, transition } = changeState(breaker, to, "forced", now);
  return {
    breaker: { ...moved, forced: to, opens: 0, nextAttemptAt: now },
    transition: { ...transition, opens: 0, nextAttemptAt: now },
  };
}

/** When a refused caller may try again. */
export function retryAfterMs(breaker: Breaker, now: number): number {
  return breaker.state === "open" ? Math.max(0, breaker.nextAttemptAt - now) : 0;
}

function startProbe(breaker: Breaker, terms: BreakerTerms, now: number) {
  const running = breaker.probesSince.filter((since) => now - since < terms.probeMs);
  if (running.length >= terms.probes) return { breaker, pass: undefined };
  const pass = { generation: breaker.generation, isProbe: true };
  return { breaker: { ...breaker, probesSince: [...running, now] }, pass };
}

function reportProbe(
  breaker: Breaker,
  calls: OutcomeCounts,
  terms: BreakerTerms,
  chance: BreakerClock,
): BreakerStep {
  const successes = breaker.successes + calls.total;
  const counts = { ...calls, total: successes };
  if (calls.failures + calls.slow > 0) return open(breaker, "probe failed", counts, terms, chance);
  const probesSince = breaker.probesSince.slice(calls.total);
  if (successes < terms.successesToClose) {
    return { breaker: { ...breaker, successes, probesSince }, transition: undefined };
  }
  const step = changeState(breaker, "closed", "probes succeeded", chance.now, counts);
  return {
    breaker: { ...step.breaker, opens: 0 },
    transition: { ...step.transition, opens: 0 },
  };
}

function open(
  breaker: Breaker,
  reason: BreakerTransition["reason"],
  counts: OutcomeCounts,
  terms: BreakerTerms,
  chance: BreakerClock,
): BreakerStep {
  const step = changeState(breaker, "open", reason, chance.now, counts);
  const ms = Math.min(terms.longestOpenMs, terms.openMs * 2 ** Math.min(breaker.opens, 30));
  const nextAttemptAt = chance.now + ms * (1 + terms.jitter * chance.random());
  const opened = { opens: breaker.opens + 1, nextAttemptAt };
  return { breaker: { ...step.breaker, ...opened }, transition: { ...step.transition, ...opened } };
}

const NO_CALLS: OutcomeCounts = { total: 0, failures: 0, slow: 0 };

function changeState(
  breaker: Breaker,
  to: BreakerState,
  reason: BreakerTransition["reason"],
  now: number,
  counts = NO_CALLS,
) {
  const generation = breaker.generation + 1;
  const fresh = { generation, since: now, record: EMPTY_WINDOW, probesSince: [], successes: 0 };
  const { opens, nextAttemptAt } = breaker;
  const transition: BreakerTransition = {
    ...{ from: breaker.state, to, reason, at: now },
    ...{ counts, opens, nextAttemptAt },
  };
  return { breaker: { ...breaker, ...fresh, state: to }, transition };
}
