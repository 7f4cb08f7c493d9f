// What a run prints.
import type { Comparison } from "./compare.ts";
import { quartiles } from "./figures.ts";

const WIDTHS = [38, 6, 7, 12, 20, 16, 16, 12, 7];

const columns = (cells: readonly string[]) =>
  cells
    .map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[0] ?? 0) : cell.padStart(WIDTHS[at] ?? 0)))
    .join(" ");

export const TITLE = columns([
  "case",
  "conn.",
  "ratio",
  "quartiles",
  "requests/s",
  "p50 ms",
  "p99 ms",
  "CPU µs",
  "MiB",
]);

export function lineOf(
  { case: name, connections, ratio, ratios, gateway, baseline }: Comparison,
  atLeast?: number,
): string {
  const both = (read: (side: Comparison["gateway"]) => string) => `${read(gateway)} / ${read(baseline)}`;
  const { lower, upper } = quartiles(ratios);
  const verdict = atLeast === undefined ? "" : ratio >= atLeast ? "  met" : `  below ${atLeast}`;
  const failures = gateway.failures + baseline.failures;
  return (
    columns([
      name,
      String(connections),
      ratio.toFixed(2),
      `${lower.toFixed(2)}–${upper.toFixed(2)}`,
      both(({ perSecond }) => perSecond.toFixed(0)),
      both(({ p50 }) => p50.toFixed(2)),
      both(({ p99 }) => p99.toFixed(2)),
      both(({ cpuUs }) => cpuUs.toFixed(0)),
      gateway.rssMib.toFixed(0),
    ]) +
    verdict +
    (failures > 0 ? `  ${failures} failed` : "")
  );
}
