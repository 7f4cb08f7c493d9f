// What goes wrong in a simulated world, and how the network carries what does not.
import type { Events } from "./events.ts";
import { between, exponential, type Random } from "./random.ts";

export interface Faults {
  readonly name: string;
  /** Part of all messages, in either direction, that never arrive. */
  readonly lost: number;
  /** Part that takes up to a second and a half. */
  readonly slow: number;
  /** Mean time between restarts of each tenant's object and of the global one; 0: never. */
  readonly restartMs: number;
  /** Isolates that die with all that they hold. */
  readonly deathMs: number;
  /** Clocks of isolates are off by up to this, either way. */
  readonly isolateSkewMs: number;
  /** Clocks of the machines that host objects; another one at each restart. */
  readonly objectSkewMs: number;
  /** An object that has nothing to do is put out of memory after this. */
  readonly hibernateMs: number;
}

const calm: Faults = {
  name: "calm",
  lost: 0,
  slow: 0,
  restartMs: 0,
  deathMs: 0,
  isolateSkewMs: 0,
  objectSkewMs: 0,
  hibernateMs: 0,
};

/** Worse than any day in a data centre; decisions must still be right. */
export const FAULTS: readonly Faults[] = [
  calm,
  { ...calm, name: "lost, slow messages", lost: 0.001, slow: 0.005 },
  { ...calm, name: "restarts, dying isolates", restartMs: 240_000, deathMs: 120_000 },
  { ...calm, name: "clock skew", isolateSkewMs: 60_000, objectSkewMs: 5, restartMs: 300_000 },
  { ...calm, name: "hibernation", hibernateMs: 10_000 },
];

/** What no data centre would survive; here it only counts that nothing is admitted above a limit. */
export const TORTURE: Faults = {
  name: "all at once, tenfold",
  lost: 0.02,
  slow: 0.05,
  restartMs: 15_000,
  deathMs: 20_000,
  isolateSkewMs: 600_000,
  objectSkewMs: 45,
  hibernateMs: 400,
};

/** One-way; calls `arrive`, or never. */
export class Network {
  messages = 0;
  readonly #events: Events;
  readonly #faults: Faults;
  readonly #random: Random;

  constructor(events: Events, faults: Faults, random: Random) {
    this.#events = events;
    this.#faults = faults;
    this.#random = random;
  }

  send(arrive: () => void): void {
    this.messages += 1;
    if (this.#random() < this.#faults.lost) return;
    const isSlow = this.#random() < this.#faults.slow;
    this.#events.in(isSlow ? between(this.#random, 100, 1500) : 1 + exponential(this.#random, 4), arrive);
  }
}
