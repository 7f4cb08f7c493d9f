/**
 * Whoever holds limits answers asks for leases here: the tenant's object for its roles, users, keys and addresses. A
 * token is taken from its gate when it is leased, so the sum of what all isolates admit can pass no limit, whatever is
 * lost and whoever restarts; provided that the store has written before the answer leaves.
 */
import {
  available,
  type Gate,
  isAlone,
  isLent,
  lend,
  mostOf,
  OPEN_GATE,
  resetMs,
  settle,
  waitMs,
} from "./gate.ts";
import {
  type Claim,
  type Grant,
  type LeaseAnswer,
  type LeaseAsk,
  type Limit,
  leaseMs,
  type Settlement,
} from "./lease.ts";

export interface GateStore {
  get(key: string): Gate | undefined;
  /** From `forgetAt` on the gate is as good as new and need not be kept. */
  put(key: string, gate: Gate, forgetAt: number): void;
}

/** Tokens for one key. */
export interface Source {
  available(now: number): number;
  /** How much of what is available one borrower may keep for later. */
  part(now: number): number;
  /** Less than that is not kept. */
  readonly least: number;
  /** Until there is one again, and until one may be given back. */
  waitMs(now: number): number;
  askAgainMs(now: number): number;
  resetMs(now: number): number;
  /** `taken` is spent now. Ahead it may give less than asked for; undefined if nothing comes of it. */
  lend(askId: string, taken: number, ahead: number, now: number): Lent | undefined;
  settle(told: Settlement, now: number): void;
}

export type Lent = Pick<Grant, "ahead" | "ttlMs">;

/**
 * Who is alone may keep that part of what is left; who is not, the smaller part. Less than a few are not worth keeping: a limit that is nearly spent is taken by ones, and so is a small one always.
 */
const PART_ALONE = 1 / 2;
const PART_OF_MANY = 1 / 20;
const LEAST_AHEAD = 5;
const SMALL = 100;
/** Someone who waits for what others may give back looks again after this. */
export const ASK_AGAIN_MS = 250;

export class Ledger {
  readonly #store: GateStore;
  readonly #special: ReadonlyMap<string, Source>;

  /** `special`: keys whose tokens come from somewhere else than a gate. */
  constructor(store: GateStore, special: ReadonlyMap<string, Source> = new Map()) {
    this.#store = store;
    this.#special = special;
  }

  answer(ask: LeaseAsk, now: number): LeaseAnswer {
    this.settle(ask, now);
    const claims = ask.claims.map((claim) => ({ claim, source: this.#sourceOf(claim.limit) }));
    const refused = claims
      .filter(({ claim, source }) => claim.now > source.available(now))
      .map(({ claim: { limit }, source }) => {
        return { key: limit.key, retryMs: source.waitMs(now), askAgainMs: source.askAgainMs(now) };
      });
    if (refused.length > 0) return { granted: [], refused };
    return { granted: claims.flatMap(({ claim, source }) => grant(ask.id, claim, source, now)), refused };
  }

  /** Telling twice does nothing the second time. */
  settle({ settled }: LeaseAsk, now: number): void {
    for (const told of settled) this.#sourceOf(told.limit).settle(told, now);
  }

  #sourceOf(limit: Limit): Source {
    return this.#special.get(limit.key) ?? gateSource(this.#store, limit);
  }
}

function grant(askId: string, { limit, ahead: wanted, now: one }: Claim, source: Source, now: number) {
  const room = Math.floor((source.available(now) - one) * source.part(now));
  const ahead = room < source.least ? 0 : Math.min(wanted, room);
  const lent = one + ahead > 0 ? source.lend(askId, one, ahead, now) : undefined;
  if (lent === undefined) return [];
  const { key } = limit;
  return [{ key, ...lent, remaining: source.available(now), resetMs: source.resetMs(now) }];
}

function gateSource(store: GateStore, limit: Limit): Source {
  let gate = store.get(limit.key) ?? OPEN_GATE;
  const save = (next: Gate, now: number) => {
    gate = next;
    store.put(limit.key, gate, now + resetMs(gate, limit, now));
  };
  return {
    part: (now) => (isAlone(gate, now) ? PART_ALONE : PART_OF_MANY),
    least: mostOf(limit) < SMALL ? Number.POSITIVE_INFINITY : LEAST_AHEAD,
    available: (now) => available(gate, limit, now),
    waitMs: (now) => waitMs(gate, limit, 1, now),
    askAgainMs: (now) => Math.min(waitMs(gate, limit, 1, now), isLent(gate, now) ? ASK_AGAIN_MS : Infinity),
    resetMs: (now) => resetMs(gate, limit, now),
    lend(askId, taken, ahead, now) {
      const ttlMs = leaseMs(limit);
      const usableUntil = ahead > 0 ? now + ttlMs : now;
      save(lend(gate, limit, { askId, taken, at: now, ahead, usableUntil }, now), now);
      return { ahead, ttlMs };
    },
    settle(told, now) {
      const next = settle(gate, limit, told, now);
      if (next !== undefined) save(next, now);
    },
  };
}
