/** The comparison as a table for a terminal and as Markdown for the documentation. */
import { cpus, totalmem } from "node:os";
import type pg from "pg";
import type { Compared, ComparedGroup } from "./verdict.ts";

export interface Circumstances {
  date: string;
  machine: string;
  postgres: string;
  command: string;
  rounds: number;
  rows: { table: string; rows: number }[];
}

export async function circumstances(
  client: pg.Client,
  run: { rounds: number; command: string },
): Promise<Circumstances> {
  const { rows: settings } = await client.query<{ version: string; buffers: string; size: string }>(
    `select current_setting('server_version') as version, current_setting('shared_buffers') as buffers,
       pg_size_pretty(pg_database_size(current_database())) as size`,
  );
  const { rows } = await client.query<{ table: string; rows: number }>(`
    select root.relname as table, sum(part.reltuples)::float8 as rows
      from pg_class part join pg_class root on root.oid = coalesce(pg_partition_root(part.oid), part.oid)
     where part.relkind = 'r' and part.relnamespace = 'public'::regnamespace and part.reltuples > 0
     group by 1 order by 2 desc, 1`);
  const { version, buffers, size } = settings[0] ?? { version: "?", buffers: "?", size: "?" };
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB memory`,
    postgres: `PostgreSQL ${version.split(" ")[0]}, shared_buffers ${buffers}, database ${size}`,
    ...run,
    rows,
  };
}

const heads = [
  "query",
  "role",
  "before ms",
  "after ms",
  "faster",
  "pages before",
  "after",
  "less scan",
  "index",
  "verdict",
];

function cells(query: Compared): string[] {
  return [
    query.name,
    query.runs,
    query.before.ms.toFixed(2),
    query.after.ms.toFixed(2),
    percent(query.time),
    whole(query.before.buffers),
    whole(query.after.buffers),
    percent(query.scan),
    query.indexes.map((index) => index.replace("idx_", "")).join(", "),
    query.verdict,
  ];
}

const percent = (value: number) => `${value.toFixed(value > 99 && value < 100 ? 1 : 0)} %`;
const whole = (value: number) => Math.round(value).toLocaleString("en").replaceAll(",", " ");

export function summaryLine(group: ComparedGroup): string {
  const what = group.by === "time" ? "faster" : "less scanned";
  const value = group.by === "time" ? group.time : group.scan;
  return `${group.name}: ${percent(value)} ${what}, promised ${group.target[0]}–${group.target[1]} %: ${group.met ? "met" : "MISSED"}`;
}

export function asText(groups: ComparedGroup[]): string {
  return groups
    .map((group) => {
      const rows = [heads, ...group.queries.map(cells)];
      const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
      const lines = rows.map((row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
      );
      return [summaryLine(group), ...lines.map((line) => `  ${line}`)].join("\n");
    })
    .join("\n\n");
}

export function asMarkdown(groups: ComparedGroup[], around: Circumstances): string {
  const row = (values: string[]) => `| ${values.join(" | ")} |`;
  const overview = [
    row(["group", "promised", "faster", "less scanned", "verdict"]),
    row(["---", "---", "---:", "---:", "---"]),
    ...groups.map((group) =>
      row([
        group.name,
        `${group.target[0]}–${group.target[1]} % ${group.by === "time" ? "faster" : "less scanned"}`,
        percent(group.time),
        percent(group.scan),
        group.met ? "met" : "**missed**",
      ]),
    ),
  ];
  const details = groups.flatMap((group) => [
    `### ${group.name}`,
    "",
    row(heads),
    row(heads.map((_, column) => ([2, 3, 4, 5, 6, 7].includes(column) ? "---:" : "---"))),
    ...group.queries.map((query) => row(cells(query))),
    "",
  ]);
  return [
    "# What the 38 indexes are worth",
    "",
    `Made by \`${around.command}\` on ${around.date}; run it again to renew this page.`,
    "",
    ...overview,
    "",
    `- ${around.machine}`,
    `- ${around.postgres}`,
    `- Rows: ${around.rows.map(({ table, rows }) => `${table} ${whole(rows)}`).join(", ")}`,
    "",
    ...method(around.rounds),
    "",
    ...details,
  ].join("\n");
}

function method(rounds: number): string[] {
  return [
    "## How it is measured",
    "",
    "The queries are those of src/db/queries, in the role that runs them: `tenant` is the runtime role inside one",
    "tenant, under row-level security; `system` is the role of sign-in, cron and analysis. First without the 38",
    "indexes (primary keys, unique constraints and all other indexes stay), then with them, on the same data. Each",
    `side is warmed, then each query runs ${rounds} times for the largest, ${rounds} for a middling and ${rounds} for the smallest of the`,
    "tenants, with three sets of parameters each. A figure is the mean of the three medians. Time is the server's,",
    "planning and execution together (over HTTP every query is planned anew), from EXPLAIN (ANALYZE, BUFFERS,",
    "TIMING OFF) with JIT off. Pages are the 8 KiB buffers that execution touched, in shared_buffers or not.",
    "A group's figure is the geometric mean of its queries. Verdicts: `met` the promise of the group, `below` it,",
    "`slower`, or `same`: found through an index that stays on both sides; these must not get slower and do not",
    "count.",
  ];
}
