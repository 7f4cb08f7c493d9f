// Stand-ins for the Durable Objects: memory that is lost, storage that is not, and a clock of their own.
import type { LimiterState } from "../../src/core/limits/algorithms/limiter.ts";
import { CapacityShares, type CapacityTerms } from "../../src/core/limits/lease/capacity-shares.ts";
import type { LimiterStore } from "../../src/core/limits/lease/issuer.ts";
import type { LeaseRequest, LeaseResponse } from "../../src/core/limits/lease/protocol.ts";
import { RELEASE_DELAY_MS, SYSTEM_LIMIT, TenantLimiter } from "../../src/core/limits/lease/tenant-limits.ts";
import type { Events } from "./events.ts";
import type { Faults, Network } from "./faults.ts";
import { between, exponential, type Random } from "./random.ts";

/** Gates are values: what was put stays as it was, whatever happens to the object that put it. */
class Storage implements LimiterStore {
  readonly #rows = new Map<string, LimiterState>();

  get(key: string): LimiterState | undefined {
    return this.#rows.get(key);
  }

  put(key: string, gate: LimiterState): void {
    this.#rows.set(key, gate);
  }
}

export interface SimulationSetup {
  readonly events: Events;
  readonly network: Network;
  readonly faults: Faults;
  readonly random: Random;
}

abstract class SimulatedObject {
  protected readonly setup: SimulationSetup;
  protected readonly storage = new Storage();
  #life = 0;
  #busyAt = 0;
  #skew = 0;

  constructor(setup: SimulationSetup) {
    this.setup = setup;
    this.#skewAnew();
    this.#planRestart();
  }

  protected get now(): number {
    return this.setup.events.now + this.#skew;
  }

  protected abstract start(life: number): void;

  /** Ignores callbacks of an earlier life of the object. */
  protected whileAlive<A extends unknown[]>(then: (...args: A) => void): (...args: A) => void {
    const life = this.#life;
    return (...args) => {
      if (life === this.#life) then(...args);
    };
  }

  protected wake(): void {
    const { hibernateMs } = this.setup.faults;
    const isAsleep = hibernateMs > 0 && this.setup.events.now - this.#busyAt > hibernateMs;
    this.#busyAt = this.setup.events.now;
    if (isAsleep) this.#restart();
  }

  #restart(): void {
    this.#life += 1;
    this.#skewAnew();
    this.start(this.#life);
  }

  #skewAnew(): void {
    const { objectSkewMs } = this.setup.faults;
    this.#skew = 1_700_000_000_000 + between(this.setup.random, -objectSkewMs, objectSkewMs);
  }

  #planRestart(): void {
    const { restartMs } = this.setup.faults;
    if (restartMs === 0) return;
    this.setup.events.in(exponential(this.setup.random, restartMs), () => {
      this.#restart();
      this.#planRestart();
    });
  }
}

export class GlobalStandIn extends SimulatedObject {
  #shares: CapacityShares | undefined;

  protected override start(): void {
    this.#shares = new CapacityShares(this.storage, SYSTEM_LIMIT);
  }

  share(
    tenantId: string,
    terms: CapacityTerms,
    ask: LeaseRequest,
    reply: (answer: LeaseResponse) => void,
  ): void {
    this.wake();
    this.#shares ??= new CapacityShares(this.storage, SYSTEM_LIMIT);
    const answer = this.#shares.issue(tenantId, terms, ask, this.now);
    this.setup.network.send(() => reply(answer));
  }
}

/** `at`: when the object decided, in true time. */
export type Reply = (answer: LeaseResponse, at: number) => void;

/** A response that has not come by then has failed. */
export const WAIT_TIMEOUT_MS = 1000;

export class TenantStandIn extends SimulatedObject {
  readonly #id: string;
  readonly #terms: CapacityTerms;
  readonly #global: GlobalStandIn;
  #limits: TenantLimiter;
  #waiting: (() => void)[] = [];
  #flushPlanned = false;

  constructor(setup: SimulationSetup, id: string, terms: CapacityTerms, global: GlobalStandIn) {
    super(setup);
    this.#id = id;
    this.#terms = terms;
    this.#global = global;
    this.#limits = new TenantLimiter(this.storage, `${id}.0`, this.now);
  }

  protected override start(life: number): void {
    this.#limits = new TenantLimiter(this.storage, `${this.#id}.${life}`, this.now);
    this.#waiting = [];
    this.#flushPlanned = false;
  }

  lease(ask: LeaseRequest, reply: Reply): void {
    this.wake();
    this.#limits.recordDemand(ask.demand, this.now);
    this.#answer(ask, reply, 3);
  }

  #answer(ask: LeaseRequest, reply: Reply, tries: number): void {
    const missing = tries > 0 ? this.#limits.countMissingCapacity(ask, this.now) : 0;
    if (missing > 0) {
      this.#waiting.push(this.whileAlive(() => this.#answer(ask, reply, tries - 1)));
      this.#share(this.#limits.buildCapacityRequest(missing, this.now));
      return;
    }
    const answer = this.#limits.issue(ask, this.now);
    const answeredAt = this.setup.events.now;
    this.setup.network.send(() => reply(answer, answeredAt));
    this.#share(this.#limits.buildCapacityRequest(0, this.now));
    this.#planFlush();
  }

  #share(ask: LeaseRequest | undefined): void {
    if (ask === undefined) return;
    const limits = this.#limits;
    let isOver = false;
    const finish = this.whileAlive((answer: LeaseResponse | undefined) => {
      if (isOver) return;
      isOver = true;
      if (answer === undefined) limits.markCapacityRequestLost(ask);
      else limits.applyCapacityResponse(ask, answer, this.now);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const go of waiting) go();
    });
    this.setup.network.send(() => this.#global.share(this.#id, this.#terms, ask, finish));
    this.setup.events.in(
      WAIT_TIMEOUT_MS / 2,
      this.whileAlive(() => finish(undefined)),
    );
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    this.setup.events.in(
      RELEASE_DELAY_MS,
      this.whileAlive(() => {
        this.#flushPlanned = false;
        this.#share(this.#limits.buildCapacityRelease(this.now));
      }),
    );
  }
}
