// What commands print: a table for people, or JSON with --json.
export const JSON_OPTION = { json: { type: "boolean", default: false } } as const;

export const JSON_HELP = "  --json          Print JSON instead of a table";

type Row = Readonly<Record<string, unknown>>;

/** Columns are as wide as their longest value; the last one may be of any length. */
export function formatTable(rows: readonly Row[], columns: readonly string[]): string {
  const lines = [
    columns.map((name) => name.toUpperCase()),
    ...rows.map((row) => columns.map((name) => formatCell(row[name]))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => (at === columns.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Names and descriptions come from servers: control characters would reach the terminal. */
export const toPlainText = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ");

function formatCell(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  return toPlainText(Array.isArray(value) ? value.join(", ") : String(value));
}

export function printRows(rows: readonly Row[], columns: readonly string[], asJson: boolean): void {
  if (asJson) console.log(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) console.log("None.");
  else console.log(formatTable(rows, columns));
}
