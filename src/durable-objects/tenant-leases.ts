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
import type { CapacityResponse } from "./global.ts";
import { SqlLimiterStore } from "./limiter-store.ts";
import type { ForecastSample, TrafficStore } from "./traffic-store.ts";

export interface CapacitySource {
  issueCapacity(tenantId: string, terms: CapacityTerms, ask: LeaseRequest): Promise<CapacityResponse>;
}

const FORECASTER = "forecaster";
const RUNNING_MINUTE = "running minute";
/** After this time the global object counts as unavailable, and waiting requests are rejected with Retry-After. */
const CAPACITY_TIMEOUT_MS = 500;
const MAX_ATTEMPTS = 3;
/** The share is requested that far ahead of predicted demand. */
const AHEAD_MINUTES = 5;

const FORECAST_MINUTES = 60;

export interface LimitUsage {
  readonly key: string;
  readonly spent: number;
}

export interface TrafficForecast {
  readonly past: readonly ForecastSample[];
  readonly next: readonly Sample[];
  /** Whether a whole day has been seen. */
  readonly knowsDays: boolean;
  /** The share that is requested ahead; 0 before a whole day has been recorded. */
  readonly expectedPeak: number;
}

const forecastMinutes = (known: Forecaster, minute: number) =>
  hasObservations(known) && minute > known.minute
    ? Math.round(forecast(known, minute - known.minute) * 10) / 10
    : null;

export class TenantLeases {
  systemEpoch = 0;
  terms: Omit<CapacityTerms, "predicted"> = { weight: 1, burst: 10 };
  readonly #ctx: DurableObjectState;
  readonly #capacity: CapacitySource;
  readonly #tables: TrafficStore;
  readonly limiters: SqlLimiterStore;
  readonly #limits: TenantLimiter;
  readonly #minutes: MinuteCounter;
  #forecaster: Forecaster;
  #sharing: Promise<void> | undefined;
  #flushing: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, capacity: CapacitySource, tables: TrafficStore) {
    this.#ctx = ctx;
    this.#capacity = capacity;
    this.#tables = tables;
    this.limiters = new SqlLimiterStore(ctx.storage.sql);
    this.#limits = new TenantLimiter(this.limiters, crypto.randomUUID(), Date.now());
    this.#minutes = new MinuteCounter(Date.now(), ctx.storage.kv.get<Sample>(RUNNING_MINUTE));
    this.#forecaster = ctx.storage.kv.get<Forecaster>(FORECASTER) ?? createForecaster(toMinute(Date.now()));
  }

  async issue(request: LeaseRequest): Promise<LeaseResponse> {
    const now = Date.now();
    this.#limits.recordDemand(request.demand, now);
    this.#addObservation(request.demand, now);
    this.#tables.addRefusals(request.refused, now);
    // The first of many simultaneous requests takes a few, before their number is known.
    for (let tries = 0; tries < MAX_ATTEMPTS; tries += 1) {
      const missing = this.#limits.countMissingCapacity(request, Date.now());
      if (missing === 0) break;
      await this.#requestCapacity(this.#limits.buildCapacityRequest(missing, Date.now()));
    }
    const response = this.#limits.issue(request, Date.now());
    this.#ctx.waitUntil(this.#requestCapacity(this.#limits.buildCapacityRequest(0, Date.now())));
    this.limiters.write();
    // Not before: a question to the global object waits until what was written before it is safe on disk.
    if (request.demand > 0) this.#storeMinute();
    this.#flushing ??= setTimeout(() => this.#flush(), RELEASE_DELAY_MS);
    return response;
  }

  /** Returns the usage of each limit in its window, as far as leases are settled. */
  getUsage(now: number): LimitUsage[] {
    return this.limiters.list(now).flatMap(([key, { window }]) => {
      const limit = parseLimitKey(key);
      const spent = limit === undefined ? 0 : sumSpent(window, { windowMs: limit.windowSeconds * 1000 }, now);
      return spent === 0 ? [] : [{ key, spent }];
    });
  }

  /** A day as it was and as it was withForecast, and the minutes to come. */
  getForecast(now: number): TrafficForecast {
    const from = toMinute(now);
    const next = Array.from({ length: FORECAST_MINUTES }, (_, ahead) => ({
      minute: from + ahead,
      requests: forecastMinutes(this.#forecaster, from + ahead) ?? 0,
    }));
    return {
      past: this.#tables.listForecastSamples(),
      next,
      knowsDays: this.#forecaster.hasSeason,
      expectedPeak: expectedPeak(this.#forecaster, AHEAD_MINUTES),
    };
  }

  deleteExpired(now: number): void {
    this.limiters.deleteExpired(now);
  }

  /** Concurrent callers share one pending capacity request. */
  #requestCapacity(request: LeaseRequest | undefined): Promise<void> {
    if (request === undefined) return this.#sharing ?? Promise.resolve();
    this.#sharing = this.#sendCapacityRequest(request).finally(() => {
      this.#sharing = undefined;
    });
    return this.#sharing;
  }

  async #sendCapacityRequest(request: LeaseRequest): Promise<void> {
    const predicted = expectedPeak(this.#forecaster, AHEAD_MINUTES);
    const tenantId = this.#ctx.id.name ?? this.#ctx.id.toString();
    try {
      const response = await withTimeout(
        this.#capacity.issueCapacity(tenantId, { ...this.terms, predicted }, request),
        CAPACITY_TIMEOUT_MS,
      );
      if (response === undefined) return this.#limits.markCapacityRequestLost(request);
      this.#limits.applyCapacityResponse(request, response, Date.now());
      this.systemEpoch = Math.max(this.systemEpoch, response.systemEpoch);
    } catch {
      this.#limits.markCapacityRequestLost(request);
    }
  }

  #flush(): void {
    this.#flushing = undefined;
    this.#ctx.waitUntil(this.#requestCapacity(this.#limits.buildCapacityRelease(Date.now())));
  }

  /** Closes the minutes that are over, so that the next read includes them. */
  closeMinutes(now: number): void {
    this.#addObservation(0, now);
    this.#storeMinute();
  }

  /**
   * With each report of an isolate, which comes at most a few times a second and is stored anyway (see Gates); an object
   * that is evicted loses no request.
   */
  #storeMinute(): void {
    this.#ctx.storage.kv.put(RUNNING_MINUTE, this.#minutes.running);
  }

  #addObservation(requests: number, now: number): void {
    const over = this.#minutes.count(requests, now);
    if (over.length === 0) return;
    const withForecast = over.map((sample) => {
      const forecast = forecastMinutes(this.#forecaster, sample.minute);
      this.#forecaster = addObservation(this.#forecaster, sample.minute, sample.requests);
      return { ...sample, forecast };
    });
    this.#tables.addSamples(withForecast);
    this.#ctx.storage.kv.put(FORECASTER, this.#forecaster);
  }
}
