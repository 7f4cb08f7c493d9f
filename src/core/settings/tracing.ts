/** Where traces, metrics and logs of a tenant go, and whether its requests are traced. */
import type { SealedValue } from "./sealed-value.ts";
import { readSettings, resolveSettings, type StoredSetting } from "./values.ts";

/** An OTLP endpoint. */
export interface Collector {
  readonly endpoint: string;
  /** Who has named the endpoint: the secret that goes there is theirs too. */
  readonly owner: string | null;
  readonly authorization: SealedValue | undefined;
}

/** The same for settings that lead to the same collector with the same secret. */
export const collectorKey = ({ owner, endpoint }: Collector): string => `${owner} ${endpoint}`;

export interface Tracing extends Collector {
  readonly sample: number;
}

/** Returns undefined without a configured collector; requests are not traced then. */
export function resolveTracing(rows: readonly StoredSetting[]): Tracing | undefined {
  const collector = resolveCollector(rows);
  return collector && { ...collector, sample: readSettings(rows)["telemetry.traces.sample"] };
}

/** The settings that `resolveCollector` reads. */
export const COLLECTOR_KEYS = ["telemetry.otlp.endpoint", "telemetry.otlp.authorization"] as const;

export function resolveCollector(rows: readonly StoredSetting[]): Collector | undefined {
  const settings = readSettings(rows);
  const endpoint = settings["telemetry.otlp.endpoint"].replace(/\/{1,100}$/, "");
  if (endpoint === "") return undefined;
  const chosen = resolveSettings(rows);
  const owner = chosen.get("telemetry.otlp.endpoint")?.tenantId ?? null;
  // A tenant that names an endpoint of its own must not be sent the whole system's secret there.
  const isTheirs = chosen.get("telemetry.otlp.authorization")?.tenantId === owner;
  return {
    endpoint,
    owner,
    authorization: isTheirs ? settings["telemetry.otlp.authorization"] : undefined,
  };
}
