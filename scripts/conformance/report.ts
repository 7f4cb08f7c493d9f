// The table at the end: a row for each scenario, a column for each target and revision, passed/failed/warnings.
import type { Verdict } from "./verdict.ts";

export interface Column {
  title: string;
  verdicts: Map<string, Verdict>;
}

export function table(columns: Column[]): string {
  const scenarios = [...new Set(columns.flatMap(({ verdicts }) => [...verdicts.keys()]))];
  const rows = scenarios.map((scenario) => [
    scenario,
    ...columns.map(({ verdicts }) => cell(verdicts.get(scenario))),
  ]);
  const lines = [["scenario", ...columns.map(({ title }) => title)], ...rows];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cell(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "–";
  const { passed, failed, warnings, faults } = verdict;
  return `${passed}/${failed}/${warnings}${faults.length === 0 ? "" : " ✗"}`;
}

export function faults(columns: Column[]): string {
  return columns
    .flatMap(({ title, verdicts }) =>
      [...verdicts.values()].flatMap(({ scenario, faults }) =>
        faults.map((fault) => `${title} · ${scenario}\n  ${fault.replaceAll("\n", "\n  ").slice(0, 1000)}`),
      ),
    )
    .join("\n");
}
