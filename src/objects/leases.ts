/** The part of a tenant's object that leases tokens: to isolates from its gates, and for itself from the global object. */
import {
  addObservation,
  createForecaster,
  expectedPeak,
  type Forecaster,
  forecast,
  hasObservations,
} from "../core/limits/algorithms/forecast.ts";
import { MinuteCounter, type Sample, toMinute } from "../core/limits/algorithms/samples.ts";
import { sumSpent } from "../core/limits/algorithms/sliding-window.ts";
import type { CapacityTerms } from "../core/limits/lease/capacity-shares.ts";
import type { LeaseRequest, LeaseResponse } from "../core/limits/lease/protocol.ts";
import { RELEASE_DELAY_MS, TenantLimiter } from "../core/limits/lease/tenant-limits.ts";
import { parseLimitKey } from "../core/limits/resolve-limits.ts";
import { withTimeout } from "../core/timers.ts";
import type { ShareAnswer } from "./global.ts";
import { Gates } from "./tables.ts";
import type { ForetoldSample, TrafficTables } from "./traffic-tables.ts";

export interface Capacity {
  share(tenantId: string, terms: CapacityTerms, ask: LeaseRequest): Promise<ShareAnswer>;
}

const FORECASTER = "forecaster";
const RUNNING_MINUTE = "running minute";
/** A global object that does not answer by then is taken for dead; whoever waits is told to come again. */
const PATIENCE_MS = 500;
const TRIES = 3;
/** The share is asked for that far ahead of predicted demand. */
const AHEAD_MINUTES = 5;

const OUTLOOK_MINUTES = 60;

export interface Spent {
  readonly key: string;
  readonly spent: number;
}

export interface Outlook {
  readonly past: readonly ForetoldSample[];
  readonly next: readonly Sample[];
  /** Whether a whole day has been seen. */
  readonly knowsDays: boolean;
  /** What the share is asked for ahead; 0 before a whole day has been seen. */
  readonly expectedPeak: number;
}

const foretell = (known: Forecaster, minute: number) =>
  hasObservations(known) && minute > known.minute
    ? Math.round(forecast(known, minute - known.minute) * 10) / 10
    : null;

export class Leases {
  systemEpoch = 0;
  terms: Omit<CapacityTerms, "predicted"> = { weight: 1, burst: 10 };
  readonly #ctx: DurableObjectState;
  readonly #capacity: Capacity;
  readonly #tables: TrafficTables;
  readonly #gates: Gates;
  readonly #limits: TenantLimiter;
  readonly #minutes: MinuteCounter;
  #forecaster: Forecaster;
  #sharing: Promise<void> | undefined;
  #flushing: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, capacity: Capacity, tables: TrafficTables) {
    this.#ctx = ctx;
    this.#capacity = capacity;
    this.#tables = tables;
    this.#gates = new Gates(ctx.storage.sql);
    this.#limits = new TenantLimiter(this.#gates, crypto.randomUUID(), Date.now());
    this.#minutes = new MinuteCounter(Date.now(), ctx.storage.kv.get<Sample>(RUNNING_MINUTE));
    this.#forecaster = ctx.storage.kv.get<Forecaster>(FORECASTER) ?? createForecaster(toMinute(Date.now()));
  }

  async answer(ask: LeaseRequest): Promise<LeaseResponse> {
    const now = Date.now();
    this.#limits.recordDemand(ask.demand, now);
    this.#learn(ask.demand, now);
    this.#tables.addRefusals(ask.refused, now);
    // The first of a crowd asks for a few, before it is known that it is a crowd.
    for (let tries = 0; tries < TRIES; tries += 1) {
      const missing = this.#limits.countMissingCapacity(ask, Date.now());
      if (missing === 0) break;
      await this.#share(this.#limits.buildCapacityRequest(missing, Date.now()));
    }
    const answer = this.#limits.issue(ask, Date.now());
    this.#ctx.waitUntil(this.#share(this.#limits.buildCapacityRequest(0, Date.now())));
    this.#gates.write();
    // Not before: a question to the global object waits until what was written before it is safe on disk.
    if (ask.demand > 0) this.#storeMinute();
    this.#flushing ??= setTimeout(() => this.#flush(), RELEASE_DELAY_MS);
    return answer;
  }

  /** What was spent in each limit's window, as far as somebody has told of it. */
  spent(now: number): Spent[] {
    return this.#gates.list(now).flatMap(([key, { window }]) => {
      const limit = parseLimitKey(key);
      const spent = limit === undefined ? 0 : sumSpent(window, { windowMs: limit.windowSeconds * 1000 }, now);
      return spent === 0 ? [] : [{ key, spent }];
    });
  }

  /** A day as it was and as it was foretold, and the minutes to come. */
  outlook(now: number): Outlook {
    const from = toMinute(now);
    const next = Array.from({ length: OUTLOOK_MINUTES }, (_, ahead) => ({
      minute: from + ahead,
      requests: foretell(this.#forecaster, from + ahead) ?? 0,
    }));
    return {
      past: this.#tables.foretold(),
      next,
      knowsDays: this.#forecaster.hasSeason,
      expectedPeak: expectedPeak(this.#forecaster, AHEAD_MINUTES),
    };
  }

  forget(now: number): void {
    this.#gates.forget(now);
  }

  /** Whoever comes while one ask is on its way waits for that one. */
  #share(ask: LeaseRequest | undefined): Promise<void> {
    if (ask === undefined) return this.#sharing ?? Promise.resolve();
    this.#sharing = this.#carry(ask).finally(() => {
      this.#sharing = undefined;
    });
    return this.#sharing;
  }

  async #carry(ask: LeaseRequest): Promise<void> {
    const predicted = expectedPeak(this.#forecaster, AHEAD_MINUTES);
    const tenantId = this.#ctx.id.name ?? this.#ctx.id.toString();
    try {
      const answer = await withTimeout(
        this.#capacity.share(tenantId, { ...this.terms, predicted }, ask),
        PATIENCE_MS,
      );
      if (answer === undefined) return this.#limits.markCapacityRequestLost(ask);
      this.#limits.applyCapacityResponse(ask, answer, Date.now());
      this.systemEpoch = Math.max(this.systemEpoch, answer.systemEpoch);
    } catch {
      this.#limits.markCapacityRequestLost(ask);
    }
  }

  #flush(): void {
    this.#flushing = undefined;
    this.#ctx.waitUntil(this.#share(this.#limits.buildCapacityRelease(Date.now())));
  }

  /** Closes the minutes that are over, so that what is read next knows of them. */
  closeMinutes(now: number): void {
    this.#learn(0, now);
    this.#storeMinute();
  }

  /**
   * With each report of an isolate, which comes at most a few times a second and is stored anyway (see Gates); an object
   * that is evicted loses no request.
   */
  #storeMinute(): void {
    this.#ctx.storage.kv.put(RUNNING_MINUTE, this.#minutes.running);
  }

  #learn(requests: number, now: number): void {
    const over = this.#minutes.count(requests, now);
    if (over.length === 0) return;
    const foretold = over.map((sample) => {
      const forecast = foretell(this.#forecaster, sample.minute);
      this.#forecaster = addObservation(this.#forecaster, sample.minute, sample.requests);
      return { ...sample, forecast };
    });
    this.#tables.addSamples(foretold);
    this.#ctx.storage.kv.put(FORECASTER, this.#forecaster);
  }
}
