/** The alert rules that a new organization starts with. */
import type { ALERT_COMPARISONS, Severity } from "../enums.ts";
import type { AlertChannel } from "./channels.ts";
import type { MetricName } from "./metrics.ts";

export interface DefaultAlertRule {
  readonly name: string;
  readonly metric: MetricName;
  readonly comparison: (typeof ALERT_COMPARISONS)[number];
  readonly threshold: number;
  readonly resolveThreshold?: number;
  readonly windowSeconds?: number;
  readonly forSeconds?: number;
  readonly severity: Severity;
  readonly channels: AlertChannel[];
}

/** `email`: of the first admin; without one the rules only show on the pages. */
export function defaultAlertRules(email: string | undefined): readonly DefaultAlertRule[] {
  const channels: AlertChannel[] = email === undefined ? [] : [{ type: "email", to: email }];
  return [
    {
      ...{ name: "Server unhealthy", metric: "server_health", comparison: "gte", threshold: 2 },
      ...{ severity: "high", channels },
    },
    {
      ...{ name: "Circuit breaker open", metric: "server_breaker", comparison: "gte", threshold: 2 },
      ...{ severity: "high", channels },
    },
    {
      ...{ name: "Error rate above 10 %", metric: "error_rate", comparison: "gt", threshold: 0.1 },
      ...{ resolveThreshold: 0.05, windowSeconds: 300, forSeconds: 300, severity: "medium", channels },
    },
    {
      ...{ name: "API key near its hourly limit", metric: "key_quota", comparison: "gt", threshold: 0.9 },
      ...{ severity: "low", channels },
    },
    {
      ...{ name: "Budget used to 80 %", metric: "budget_used", comparison: "gte", threshold: 0.8 },
      ...{ severity: "medium", channels },
    },
  ];
}
