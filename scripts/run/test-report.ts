// `npm run test:report`: where the time of the last test run went, by stage, project, folder, file and test.
import { parseArgs } from "node:util";
import { Problem, runMain } from "../lib/problem.ts";
import { type FileTimes, formatSeconds, readTimes, totalMs } from "./test-times.ts";

const COLUMNS = ["files", "tests", "start of runtime", "imports", "tests run", "sum"];

await runMain(async () => {
  const { values } = parseArgs({ options: { top: { type: "string", default: "25" } } });
  const times = readTimes();
  if (times === undefined) throw new Problem("No test run to report on: run `npm test` first.");
  const top = Number(values.top);
  printTable(
    "stage",
    times.stages.map(({ name, ms }) => [name, formatSeconds(ms)]),
    ["time"],
  );
  printTable(
    "project",
    sums(times.files, ({ project }) => project),
    COLUMNS,
  );
  printTable(
    "folder",
    sums(times.files, ({ file }) => file.split("/").slice(0, 2).join("/")),
    COLUMNS,
  );
  printTable(`slowest ${top} files`, sums(times.files, ({ file }) => file).slice(0, top), COLUMNS);
  printTable(
    `slowest ${top} tests`,
    times.slowest
      .slice(0, top)
      .map(({ file, name, ms }) => [`${file}: ${name}`.slice(0, 110), formatSeconds(ms)]),
    ["time"],
  );
  return 0;
});

/** One row per key, the one with the largest sum first. */
function sums(files: readonly FileTimes[], keyOf: (file: FileTimes) => string): string[][] {
  const rows = [...Map.groupBy(files, keyOf)].map(([key, group]) => {
    const add = (pick: (file: FileTimes) => number) => group.reduce((sum, file) => sum + pick(file), 0);
    const cells = [
      String(group.length),
      String(add(({ tests }) => tests)),
      formatSeconds(add(({ startMs }) => startMs)),
      formatSeconds(add(({ importMs }) => importMs)),
      formatSeconds(add(({ testMs }) => testMs)),
      formatSeconds(add(totalMs)),
    ];
    return { sum: add(totalMs), row: [key, ...cells] };
  });
  return rows.sort((a, b) => b.sum - a.sum).map(({ row }) => row);
}

function printTable(title: string, rows: readonly (readonly string[])[], columns: readonly string[]): void {
  const lines = [[title, ...columns], ...rows];
  const widths =
    lines[0]?.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length))) ?? [];
  const format = (line: readonly string[]) =>
    line
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ");
  console.log(`\n${lines.map(format).join("\n")}`);
}
