/** The metrics that alert rules can evaluate, with their labels and formatting. */

export interface AlertMetric {
  /** As a sentence goes on: “… is at 12 %”. */
  readonly says: string;
  readonly unit: "share" | "ms" | "count" | "health" | "breaker";
  /** Measured of each server by itself, which then has an alert of its own. */
  readonly isPerServer?: true;
  /** Of one server too, where the rule names one. */
  readonly takesServer?: true;
  /** A metric of the whole system; rules on it require operator privileges. */
  readonly isSystems?: true;
}

const metrics = {
  error_rate: { says: "error rate", unit: "share", takesServer: true },
  latency_p50: { says: "p50 latency", unit: "ms", takesServer: true },
  latency_p95: { says: "p95 latency", unit: "ms", takesServer: true },
  latency_p99: { says: "p99 latency", unit: "ms", takesServer: true },
  requests: { says: "number of calls", unit: "count", takesServer: true },
  limit_hits: { says: "number of rate-limited requests", unit: "count" },
  security_events: { says: "number of security events", unit: "count", takesServer: true },
  key_quota: { says: "highest hourly quota usage of an API key", unit: "share" },
  budget_used: { says: "highest alert threshold that a budget has reached", unit: "share" },
  unhealthy_servers: { says: "number of unhealthy servers", unit: "count" },
  open_breakers: { says: "number of open circuit breakers", unit: "count" },
  server_health: { says: "health", unit: "health", isPerServer: true, takesServer: true },
  server_breaker: { says: "circuit breaker", unit: "breaker", isPerServer: true, takesServer: true },
  queue_backlog: {
    says: "pending dead letters",
    unit: "count",
    isSystems: true,
  },
  failed_jobs: { says: "number of failed jobs", unit: "count", isSystems: true },
  database_ms: { says: "database latency", unit: "ms", isSystems: true },
  database_connections: {
    says: "database connection usage",
    unit: "share",
    isSystems: true,
  },
} as const satisfies Record<string, AlertMetric>;

export type MetricName = keyof typeof metrics;

export const METRICS: Readonly<Record<MetricName, AlertMetric>> = metrics;
export const METRIC_NAMES = Object.keys(metrics).filter((name): name is MetricName => name in metrics) as [
  MetricName,
  ...MetricName[],
];

export const isMetric = (name: string): name is MetricName => Object.hasOwn(metrics, name);

const HEALTH = ["healthy", "degraded", "unhealthy"];
const BREAKER = ["closed", "half-open", "open"];

export function formatValue(metric: MetricName, value: number): string {
  switch (METRICS[metric].unit) {
    case "share":
      return `${round(value * 100)} %`;
    case "ms":
      return `${round(value)} ms`;
    case "count":
      return round(value);
    case "health":
      return HEALTH[value] ?? round(value);
    case "breaker":
      return BREAKER[value] ?? round(value);
  }
}

const round = (value: number) => String(Number(value.toPrecision(3)));
