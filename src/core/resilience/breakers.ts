/** All circuit breakers of one tenant as its Durable Object stores them, and the updates that isolates receive. */
import type { BreakerState } from "../enums.ts";
import {
  acquirePermit,
  type Breaker,
  type BreakerClock,
  type BreakerPermit,
  type BreakerStep,
  type BreakerTerms,
  type BreakerTransition,
  forceState,
  INITIAL_BREAKER,
  reportOutcome,
  retryAfterMs,
} from "./breaker.ts";
import { type OutcomeCounts, sumOutcomes } from "./outcome-window.ts";

export interface BreakerStore {
  get(serverId: string): Breaker | undefined;
  put(serverId: string, breaker: Breaker): void;
  /** Of those that were ever anything but closed. */
  moved(): Iterable<readonly [serverId: string, breaker: Breaker]>;
}

/** Calls of one server that began under the same pass. */
export interface BreakerReport extends OutcomeCounts {
  readonly serverId: string;
  readonly pass: BreakerPermit;
  readonly terms: BreakerTerms;
}

export interface BreakerView {
  readonly serverId: string;
  readonly state: BreakerState;
  readonly generation: number;
  readonly retryMs: number;
  readonly isForced: boolean;
}

export interface BreakerDescription {
  readonly state: BreakerState;
  /** When it moved last; 0 for one that never has. */
  readonly since: number;
  readonly opens: number;
  readonly forced: "open" | "closed" | undefined;
  readonly nextAttemptAt: number | undefined;
  readonly counts: OutcomeCounts;
}

export interface ServerTransition extends BreakerTransition {
  readonly serverId: string;
  /** The user who forced it; undefined where the breaker moved by itself, or a key of no user forced it. */
  readonly actorId?: string;
}

export class Breakers {
  readonly #store: BreakerStore;

  constructor(store: BreakerStore) {
    this.#store = store;
  }

  report(reports: readonly BreakerReport[], chance: BreakerClock): ServerTransition[] {
    return reports.flatMap(({ serverId, pass, terms, ...calls }) =>
      this.#apply(serverId, (breaker) => reportOutcome(breaker, pass, calls, terms, chance)),
    );
  }

  permit(serverId: string, terms: BreakerTerms, now: number) {
    let pass: BreakerPermit | undefined;
    const transitions = this.#apply(serverId, (breaker) => {
      const step = acquirePermit(breaker, terms, now);
      pass = step.pass;
      return step;
    });
    return { pass, transitions, retryMs: retryAfterMs(this.#store.get(serverId) ?? INITIAL_BREAKER, now) };
  }

  force(serverId: string, to: "open" | "closed" | undefined, now: number): ServerTransition[] {
    return this.#apply(serverId, (breaker) => forceState(breaker, to, now));
  }

  views(now: number): BreakerView[] {
    return Array.from(this.#store.moved(), ([serverId, breaker]) => ({
      serverId,
      state: breaker.state,
      generation: breaker.generation,
      retryMs: retryAfterMs(breaker, now),
      isForced: breaker.forced !== undefined,
    }));
  }

  /** A server's breaker as it stands, with the calls that it judges now. */
  describe(serverId: string, terms: BreakerTerms, now: number): BreakerDescription {
    const { state, since, opens, record, forced, nextAttemptAt } =
      this.#store.get(serverId) ?? INITIAL_BREAKER;
    return {
      ...{ state, since, opens, forced },
      nextAttemptAt: state === "open" && forced === undefined ? nextAttemptAt : undefined,
      counts: sumOutcomes(record, terms.window, now),
    };
  }

  #apply(serverId: string, act: (breaker: Breaker) => BreakerStep): ServerTransition[] {
    const before = this.#store.get(serverId) ?? INITIAL_BREAKER;
    const { breaker, transition } = act(before);
    if (breaker !== before) this.#store.put(serverId, breaker);
    return transition === undefined ? [] : [{ serverId, ...transition }];
  }
}
