// Results as Markdown: all of them for docs/benchmarks/gateway.md, and the most requested ones for the README.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { projectDir } from "../../lib/paths.ts";
import { Problem } from "../../lib/problem.ts";
import { type Cold, START } from "./cold.ts";
import type { Comparison } from "./compare.ts";
import type { Growth } from "./growth.ts";
import type { Memory } from "./memory.ts";
import { judge, MOST_TO_START, startsSoon } from "./targets.ts";

export interface Results {
  readonly comparisons: readonly Comparison[];
  readonly growth: readonly Growth[];
  readonly cold: readonly Cold[];
  readonly memory: Memory | undefined;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

const comparisonTable = (results: readonly Comparison[]) =>
  table(
    ["Case", "Connections", "Ratio", "Requests/s", "p50 ms", "p99 ms", "CPU µs", "CPU ratio"],
    results.map(({ case: name, connections, ratio, cpuRatio, gateway, baseline }) => {
      const both = (read: (side: Comparison["gateway"]) => number, digits: number) =>
        `${read(gateway).toFixed(digits)} / ${read(baseline).toFixed(digits)}`;
      return [
        name,
        String(connections),
        ratio.toFixed(2),
        both(({ perSecond }) => perSecond, 0),
        both(({ p50 }) => p50, 2),
        both(({ p99 }) => p99, 2),
        both(({ cpuUs }) => cpuUs, 0),
        cpuRatio.toFixed(2),
      ];
    }),
  );

const verdictTable = (results: readonly Comparison[]) =>
  table(
    ["Target", "At", "Measured", ""],
    judge(results).map(({ says, where, value, isMet }) => [
      says,
      where,
      value.toFixed(2),
      isMet ? "met" : "missed",
    ]),
  );

const growthTable = (growth: readonly Growth[]) =>
  table(
    ["More of", "How many", "CPU µs a call", "Relative to the smallest"],
    growth.map(({ axis, size, cpuUs }) => {
      const fewest = growth.find((other) => other.axis === axis)?.cpuUs ?? Number.NaN;
      return [axis, size.toLocaleString("en"), cpuUs.toFixed(0), (cpuUs / fewest).toFixed(2)];
    }),
  );

const coldTable = (cold: readonly Cold[]) =>
  table(
    ["Cold start", "Gateway", "Minimal Worker", ""],
    cold.map((each) => [
      each.name,
      `${each.gateway.toFixed(1)} ${each.unit}`,
      `${each.baseline.toFixed(1)} ${each.unit}`,
      each.name === START ? (startsSoon(each) ? "met" : `missed: at most ${MOST_TO_START} ms more`) : "",
    ]),
  );

const memoryText = ({ minutes, requests, firstMib, lastMib, slope }: Memory) =>
  `${requests.toLocaleString("en")} calls in ${minutes} minutes over 16 connections: resident memory of the runtime went ` +
  `from ${firstMib.toFixed(0)} to ${lastMib.toFixed(0)} MiB; over the second half it grew by ` +
  `${slope.toFixed(2)} MiB a minute.`;

export function machine(): string {
  const { version } = JSON.parse(readFileSync(join(projectDir, "node_modules/workerd/package.json"), "utf8"));
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: projectDir }).toString().trim();
  return (
    `${processors.length} × ${processors[0]?.model ?? "unknown processor"}, ${memory} GiB, ` +
    `Node ${process.versions.node}, workerd ${version}, commit ${commit}, ${new Date().toISOString().slice(0, 10)}`
  );
}

/** What was measured now replaces what stood there; the rest stays, with the day and the commit of its own. */
export function writeDocument({ comparisons, growth, cold, memory }: Results): void {
  const hasCases = comparisons.length > 0;
  const verdicts = verdictTable(comparisons);
  const sections = {
    ...(hasCases && { targets: verdicts, cases: comparisonTable(comparisons) }),
    ...(growth.length > 0 && { growth: growthTable(growth) }),
    ...(cold.length > 0 && { cold: coldTable(cold) }),
    ...(memory !== undefined && { memory: memoryText(memory) }),
  };
  for (const [mark, body] of Object.entries(sections)) writeSection("docs/benchmarks/gateway.md", mark, body);
  if (hasCases) writeSection("README.md", "benchmarks", verdicts);
}

export function writeSection(name: string, mark: string, body: string): void {
  const file = join(projectDir, name);
  writeFileSync(file, between(readFileSync(file, "utf8"), mark, `${machine()}\n\n${body}`));
}

/** Whatever stood between the two marks is replaced. */
export function between(text: string, mark: string, body: string): string {
  const [from, to] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const [start, end] = [text.indexOf(from), text.indexOf(to)];
  if (start === -1 || end < start) throw new Problem(`The document has no section "${mark}".`);
  return `${text.slice(0, start + from.length)}\n\n${body}\n\n${text.slice(end)}`;
}
