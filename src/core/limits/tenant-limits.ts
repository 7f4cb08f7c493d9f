/**
 * All that a tenant's object decides about limits: its own gates, and the tokens of the system's capacity that every
 * request takes one of. What is said to the global object, and when, is decided here too; the object only carries it.
 */
import { LEASE_MS, type LeaseAnswer, type LeaseAsk, type Limit, SYSTEM_KEY } from "./lease.ts";
import { type GateStore, Ledger } from "./ledger.ts";
import { Purse } from "./purse.ts";

/** The whole system's, which every request of every tenant counts against. */
export const SYSTEM_LIMIT: Limit = {
  name: "system-minute",
  key: SYSTEM_KEY,
  count: 5000,
  windowMs: 60_000,
  slots: 240,
  burst: 1,
};

export class TenantLimits {
  readonly #ledger: Ledger;
  readonly #purse: Purse;

  /** `id` is new with every start of the object. */
  constructor(store: GateStore, id: string, now: number) {
    this.#purse = new Purse(id, SYSTEM_LIMIT, now);
    this.#ledger = new Ledger(store, new Map([[SYSTEM_KEY, this.#purse]]));
  }

  /**
   * `askFirst`: nothing stands against the request but that there are no tokens of the system's here; get some by
   * `shareAsk(true)` and answer again, a few times: others may have been quicker.
   */
  answer(ask: LeaseAsk, now: number): { answer: LeaseAnswer; askFirst: boolean } {
    const answer = this.#ledger.answer(ask, now);
    const onlySystem = answer.refused.length > 0 && answer.refused.every(({ key }) => key === SYSTEM_KEY);
    return { answer, askFirst: onlySystem && this.#purse.isEmpty(now) };
  }

  /** Once for each ask, also for those that are answered twice. */
  hear(requests: number, now: number): void {
    this.#purse.hear(requests, now);
  }

  /** What to say to the global object: before answering (`waits`), or in the background; undefined for nothing. */
  shareAsk(waits: boolean, now: number): LeaseAsk | undefined {
    return this.#purse.ask(waits, now);
  }

  /** Somewhat later than the last ask: so that what was not used can be used by others. */
  shareFlush(now: number): LeaseAsk | undefined {
    return this.#purse.flush(now);
  }

  shareLearn(ask: LeaseAsk, answer: LeaseAnswer, now: number): void {
    this.#purse.learn(ask, answer, now);
  }

  shareLost(ask: LeaseAsk): void {
    this.#purse.lost(ask);
  }
}

/** When to call `shareFlush` after an answer: all leases are over by then, and most have been told of. */
export const FLUSH_AFTER_MS = 3 * LEASE_MS + 500;
