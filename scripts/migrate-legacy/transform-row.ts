// Applies a table's transform to one line of the export.
import { errorMessage } from "../lib/problem.ts";
import type { References } from "./references.ts";
import { RejectedRow, RowReader, rawRow } from "./row-reader.ts";
import type { Transform, Transformed } from "./transforms/transformed.ts";

export type LineResult =
  | { readonly kind: "accepted"; readonly result: Transformed; readonly repairs: readonly string[] }
  | { readonly kind: "rejected"; readonly reason: string };

export function transformLine(
  line: string,
  transform: Transform,
  { references, exportedAt }: { references: References; exportedAt: Date },
): LineResult {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (error) {
    return { kind: "rejected", reason: `is not valid JSON (${errorMessage(error)})` };
  }
  const parsed = rawRow.safeParse(raw);
  if (!parsed.success) return { kind: "rejected", reason: "is not a JSON object" };
  const reader = new RowReader(parsed.data, exportedAt);
  try {
    const result = transform(reader, references);
    return { kind: "accepted", result, repairs: [...reader.repairs] };
  } catch (error) {
    if (error instanceof RejectedRow) return { kind: "rejected", reason: error.message };
    throw error;
  }
}
