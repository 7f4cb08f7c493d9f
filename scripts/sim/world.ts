// A world of isolates, tenants and the global object under traffic, and what became of each request in it.

import type { Limit } from "../../src/core/limits/algorithms/limit.ts";
import { maxTokens } from "../../src/core/limits/algorithms/limiter.ts";
import type { CapacityTerms } from "../../src/core/limits/lease/capacity-shares.ts";
import { Events } from "./events.ts";
import { type Faults, Network } from "./faults.ts";
import { Isolate, type Outcome } from "./isolate.ts";
import { GlobalStandIn, type SimulationSetup, TenantStandIn } from "./objects.ts";
import { createRandom, exponential } from "./random.ts";

/** Requests of one caller, spread over all isolates or a few. */
export interface Stream {
  readonly tenantId: string;
  readonly limits: readonly Limit[];
  readonly isolates: number;
  perMinute(now: number): number;
}

export interface Setting {
  readonly seed: number;
  readonly faults: Faults;
  readonly isolates: number;
  readonly minutes: number;
  readonly tenants: ReadonlyMap<string, CapacityTerms>;
  readonly streams: readonly Stream[];
}

export interface Handled {
  readonly stream: Stream;
  readonly at: number;
  decidedAt: number;
  outcome: Outcome;
}

export interface Run {
  readonly requests: readonly Handled[];
  readonly asks: number;
}

export function run(setting: Setting): Run {
  const random = createRandom(setting.seed);
  const events = new Events();
  const { faults } = setting;
  const setup: SimulationSetup = { events, faults, random, network: new Network(events, faults, random) };
  const global = new GlobalStandIn(setup);
  const tenants = new Map(
    [...setting.tenants].map(([id, terms]) => [id, new TenantStandIn(setup, id, terms, global)]),
  );
  const isolates = Array.from(
    { length: setting.isolates },
    (_, number) => new Isolate(setup, `i${number}`, tenants),
  );
  const requests: Handled[] = [];
  const end = setting.minutes * 60_000;
  for (const [number, stream] of setting.streams.entries()) {
    const next = () => {
      const rate = stream.perMinute(events.now);
      if (rate === 0) return void events.in(1000, next);
      events.in(exponential(random, 60_000 / rate), () => {
        const handled: Handled = { stream, at: events.now, decidedAt: end, outcome: "unanswered" };
        requests.push(handled);
        const which = (number + Math.floor(random() * stream.isolates)) % isolates.length;
        isolates[which]?.request(stream.tenantId, stream.limits, (outcome, decidedAt) => {
          handled.outcome = outcome;
          handled.decidedAt = decidedAt;
        });
        if (events.now < end) next();
      });
    };
    next();
  }
  events.runUntil(end + 10_000);
  return { requests, asks: isolates.reduce((sum, { asks }) => sum + asks, 0) };
}

/** Admissions beyond what any window of any limit may hold, wherever the window begins. */
export function overAdmitted({ requests }: Run): number {
  const byKey = new Map<string, { limit: Limit; times: number[] }>();
  for (const { stream, decidedAt, outcome } of requests) {
    if (outcome !== "admitted") continue;
    for (const limit of stream.limits) {
      // The system's is one for all; the others are each tenant's own.
      const key = limit.key === "system" ? limit.key : `${stream.tenantId} ${limit.key}`;
      const known = byKey.get(key) ?? { limit, times: [] };
      known.times.push(decidedAt);
      byKey.set(key, known);
    }
  }
  let over = 0;
  for (const { limit, times } of byKey.values()) {
    times.sort((one, other) => one - other);
    let oldest = 0;
    for (const [at, time] of times.entries()) {
      while ((times[oldest] ?? time) <= time - limit.windowMs) oldest += 1;
      if (at - oldest + 1 > maxTokens(limit)) over += 1;
    }
  }
  return over;
}
