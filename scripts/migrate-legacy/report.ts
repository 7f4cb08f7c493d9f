// The report of a run, for people in Markdown and for programs in JSON.
import { createReadStream, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Manifest } from "./archive.ts";
import { type Counts, noCounts } from "./ledger.ts";
import { count, formatDuration, type Progress } from "./progress.ts";
import { conflictsFile, rejectsFile } from "./run-files.ts";
import { SOURCE_TABLES } from "./source-tables.ts";
import type { TableValidation } from "./validate.ts";

export interface TableReport extends Counts {
  readonly table: string;
  readonly exported: number;
  /** Why the rows are exported only. */
  readonly archivedBecause: string | null;
  readonly reasons: Readonly<Record<string, number>>;
}

export interface MigrationReport {
  readonly runId: string;
  readonly source: string;
  readonly exportedAt: string;
  readonly isDryRun: boolean;
  readonly tables: readonly TableReport[];
  /** Undefined where nothing was imported. */
  readonly validation: readonly TableValidation[] | undefined;
  readonly conflicts: readonly string[];
  readonly steps: Progress["finished"];
  readonly peakMemoryBytes: number;
}

const MAX_CONFLICTS = 10_000;
/** The time of fewer rows is that of starting. */
const MIN_TIMED_ROWS = 1_000;

export interface ReportInput {
  readonly dir: string;
  readonly manifest: Manifest;
  readonly counts: ReadonlyMap<string, Counts>;
  readonly validation: readonly TableValidation[] | undefined;
  readonly progress: Progress;
  readonly isDryRun: boolean;
}

export async function buildReport(input: ReportInput): Promise<MigrationReport> {
  const { dir, manifest, counts, validation, progress, isDryRun } = input;
  const reasons = await countReasons(rejectsFile(dir));
  const conflicts = new Set<string>();
  for await (const { message } of readEntries(conflictsFile(dir)))
    if (conflicts.size < MAX_CONFLICTS && message !== undefined) conflicts.add(message);
  const tables = SOURCE_TABLES.flatMap(({ name, archivedBecause = null }): TableReport[] => {
    const exported = manifest.tables[name];
    if (exported === undefined) return [];
    const table = { table: name, exported: exported.rows, archivedBecause, reasons: reasons.get(name) ?? {} };
    return [{ ...table, ...(counts.get(name) ?? noCounts()) }];
  });
  const { runId, source, exportedAt } = manifest;
  return {
    ...{ runId, source, exportedAt, isDryRun, tables, validation },
    conflicts: [...conflicts],
    steps: progress.finished,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

interface Entry {
  readonly table?: string;
  readonly reason?: string;
  readonly message?: string;
}

async function* readEntries(file: string): AsyncGenerator<Entry> {
  if (!existsSync(file)) return;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const entry: Entry = JSON.parse(line);
    yield entry;
  }
}

/** What is particular to a row is left out, so that equal faults count together. */
const generalize = (reason: string) =>
  reason.replaceAll(/"[^"]*"/g, "…").replaceAll(/\b[\w-]*\d[\w-]{7,}\b/g, "…");

async function countReasons(file: string): Promise<Map<string, Record<string, number>>> {
  const tables = new Map<string, Record<string, number>>();
  for await (const { table = "", reason = "" } of readEntries(file)) {
    const reasons = tables.get(table) ?? {};
    tables.set(table, reasons);
    const general = generalize(reason);
    reasons[general] = (reasons[general] ?? 0) + 1;
  }
  return tables;
}

export const hasFaults = ({ validation }: Pick<MigrationReport, "validation">) =>
  validation?.some(({ faults }) => faults.length > 0) === true;

export function writeReport(dir: string, report: MigrationReport): void {
  writeFileSync(join(dir, "report.json"), `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
  writeFileSync(join(dir, "report.md"), formatReport(report), { mode: 0o600 });
}

export function formatReport(report: MigrationReport): string {
  const { runId, source, exportedAt, isDryRun, tables, validation, conflicts, steps } = report;
  const verdict = isDryRun
    ? "dry run: nothing was written"
    : hasFaults(report)
      ? "validation FAILED"
      : "valid";
  return [
    `# Migration of ${source}`,
    "",
    `Run ${runId}, exported at ${exportedAt}: ${verdict}.`,
    "",
    "| old table | exported | accepted | rejected | repaired | conflicts | rows inserted | rows present |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...tables.filter(({ archivedBecause }) => archivedBecause === null).map(formatTable),
    "",
    ...section("Exported and not imported", tables.flatMap(formatArchived)),
    ...section(
      "Rejected rows",
      tables.flatMap((table) => formatCounts(table.table, table.reasons)),
    ),
    ...section(
      "Repairs",
      tables.flatMap((table) => formatCounts(table.table, table.repairs)),
    ),
    ...section(
      "Conflicts",
      conflicts.map((conflict) => `- ${conflict}`),
    ),
    ...section("Validation", (validation ?? []).map(formatValidation)),
    ...section("Times", steps.filter(({ rows }) => rows >= MIN_TIMED_ROWS).map(formatStep)),
    `Peak memory: ${Math.round(report.peakMemoryBytes / 1024 / 1024)} MiB.`,
    "",
  ].join("\n");
}

const formatTable = ({ table, exported, ...counts }: TableReport) =>
  `| ${[table, count(exported), count(counts.accepted), count(counts.rejected), count(counts.repaired), count(counts.conflicts), count(counts.inserted), count(counts.present)].join(" | ")} |`;

const formatArchived = ({ table, exported, archivedBecause }: TableReport) =>
  archivedBecause === null ? [] : [`- ${table}, ${count(exported)} rows: ${archivedBecause}.`];

const formatCounts = (table: string, counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).map(([text, number]) => `- ${table}: ${text} (${count(number)})`);

const formatValidation = ({ table, faults, checkedRows }: TableValidation) =>
  `- ${table}, ${count(checkedRows)} rows: ${faults.length === 0 ? "valid" : faults.join("; ")}`;

const formatStep = ({ name, rows, ms }: Progress["finished"][number]) =>
  `- ${name}: ${count(rows)} rows in ${formatDuration(ms)}, ${count(Math.round((rows / Math.max(1, ms)) * 1000))} rows/s`;

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [`## ${title}`, "", ...lines, ""];
