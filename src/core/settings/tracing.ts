/** Whether requests are traced, and where traces go. */
import type { SealedValue } from "./sealed-value.ts";
import { readSettings, resolveSettings, type StoredSetting } from "./values.ts";

export interface Tracing {
  readonly endpoint: string;
  /** Who has named the endpoint: the secret that goes there is theirs too. */
  readonly owner: string | null;
  readonly authorization: SealedValue | undefined;
  readonly sample: number;
}

/** Returns undefined without a configured exporter; requests are not traced then. */
export function resolveTracing(rows: readonly StoredSetting[]): Tracing | undefined {
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
    sample: settings["telemetry.traces.sample"],
  };
}
