/** The terms of traffic to servers, from the settings that hold in a tenant and what is set for a server. */
import type { BanTerms } from "../limits/lease/sync-messages.ts";
import { BREAKER_TERMS, type BreakerTerms } from "../resilience/breaker.ts";
import { BUDGET_TERMS, type BudgetTerms, type RetryTerms } from "../resilience/retry.ts";
import type { TRAFFIC_SETTINGS } from "./traffic-settings.ts";
import type { Settings } from "./values.ts";

/** The settings of the tenant that a server's own thresholds replace; their bounds are the bounds of both. */
export const THRESHOLD_SETTINGS = {
  windowSeconds: "breaker.window_seconds",
  minimumCalls: "breaker.minimum_calls",
  errorRate: "breaker.error_rate",
  slowCallRate: "breaker.slow_call_rate",
  slowCallMs: "breaker.slow_call_ms",
  openSeconds: "breaker.open_seconds",
  maxOpenSeconds: "breaker.max_open_seconds",
  probes: "breaker.probes",
} as const satisfies Record<string, keyof typeof TRAFFIC_SETTINGS>;

export type ThresholdName = keyof typeof THRESHOLD_SETTINGS;

/** A server's own thresholds; what it leaves out is the tenant's. */
export type BreakerThresholds = { readonly [Name in ThresholdName]?: number | undefined };

export function breakerTerms(settings: Settings, own: BreakerThresholds = {}): BreakerTerms {
  const openMs = (own.openSeconds ?? settings["breaker.open_seconds"]) * 1000;
  const maxOpenMs = (own.maxOpenSeconds ?? settings["breaker.max_open_seconds"]) * 1000;
  const probes = own.probes ?? settings["breaker.probes"];
  return {
    ...BREAKER_TERMS,
    window: { ms: (own.windowSeconds ?? settings["breaker.window_seconds"]) * 1000 },
    minimumCalls: own.minimumCalls ?? settings["breaker.minimum_calls"],
    failureRate: own.errorRate ?? settings["breaker.error_rate"],
    slowRate: own.slowCallRate ?? settings["breaker.slow_call_rate"],
    slowMs: own.slowCallMs ?? settings["breaker.slow_call_ms"],
    openMs,
    longestOpenMs: Math.max(openMs, maxOpenMs),
    probes,
    successesToClose: probes,
  };
}

/** The terms as thresholds, for people. */
export function describeTerms(terms: BreakerTerms): Record<ThresholdName, number> {
  return {
    windowSeconds: "ms" in terms.window ? terms.window.ms / 1000 : 0,
    minimumCalls: terms.minimumCalls,
    errorRate: terms.failureRate,
    slowCallRate: terms.slowRate,
    slowCallMs: terms.slowMs,
    openSeconds: terms.openMs / 1000,
    maxOpenSeconds: terms.longestOpenMs / 1000,
    probes: terms.successesToClose,
  };
}

/** Undefined where automatic bans are disabled. */
export function banTerms(settings: Settings): BanTerms | undefined {
  if (!settings["bans.is_enabled"]) return undefined;
  const firstMs = settings["bans.first_seconds"] * 1000;
  return {
    violations: settings["bans.violations"],
    windowMs: settings["bans.window_seconds"] * 1000,
    firstMs,
    longestMs: Math.max(firstMs, settings["bans.max_seconds"] * 1000),
    growth: settings["bans.growth"],
    forgetMs: settings["bans.forget_seconds"] * 1000,
  };
}

export interface RetrySettings extends RetryTerms {
  readonly budget: BudgetTerms;
}

export function retrySettings(settings: Settings): RetrySettings {
  const firstMs = settings["retry.first_delay_ms"];
  return {
    attempts: settings["retry.attempts"],
    firstMs,
    longestMs: Math.max(firstMs, settings["retry.max_delay_ms"]),
    budget: { ...BUDGET_TERMS, ratio: settings["retry.budget"] },
  };
}
