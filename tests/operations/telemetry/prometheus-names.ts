/** The translation of OTLP names by Prometheus, with its default settings. */
import type { MetricDefinition } from "../../../src/core/telemetry/metric-definitions.ts";

const UNIT_SUFFIXES: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };

/** The names under which Prometheus stores a metric that it receives over OTLP. */
export function listPrometheusNames({ name, unit, type }: MetricDefinition): readonly string[] {
  const base = name.replaceAll(".", "_") + (UNIT_SUFFIXES[unit] ?? "");
  if (type === "histogram") return [`${base}_bucket`, `${base}_count`, `${base}_sum`];
  // A gauge of the unit 1 is a ratio by the rules of the translation.
  return [type === "counter" ? `${base}_total` : unit === "1" ? `${base}_ratio` : base];
}
