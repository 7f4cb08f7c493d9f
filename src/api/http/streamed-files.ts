/**
 * Files of any length: rows are read page by page, written on as they come, and the next page is read only when the
 * client has taken the one before. So a million rows take no more memory than a page.
 */
import { z } from "zod";
import { csvLine } from "../../core/csv.ts";
import { moment } from "./times.ts";

export const FILE_TYPES = { csv: "text/csv", ndjson: "application/x-ndjson" } as const;
export type FileFormat = keyof typeof FILE_TYPES;

const formatQuery = z.object({ format: z.enum(["csv", "ndjson"]).default("csv") });

export const fileQuery = formatQuery.extend({
  from: moment.optional(),
  to: moment.optional().meta({ description: "Exclusive end. Default: now." }),
});

/** Rows per query; a Worker may send a thousand subrequests per request. */
export const ROWS_PER_PAGE = 5000;

type Row = Readonly<Record<string, unknown>>;

export interface RowFile<Place, R extends Place & Row> {
  readonly name: string;
  readonly format: FileFormat;
  readonly columns: readonly (string & keyof R)[];
  /** Rows behind the last one of the page before; none when there are no more. */
  readonly next: (last: Place | undefined) => PromiseLike<readonly R[]>;
}

export function createRowFile<Place, R extends Place & Row>({
  name,
  format,
  columns,
  next,
}: RowFile<Place, R>): Response {
  const encoder = new TextEncoder();
  const line = (row: R) =>
    format === "csv"
      ? csvLine(columns.map((column) => row[column]))
      : `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, row[column]])))}\n`;
  let last: R | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (format === "csv") controller.enqueue(encoder.encode(csvLine(columns)));
    },
    async pull(controller) {
      const rows = await next(last);
      last = rows.at(-1);
      if (last === undefined) controller.close();
      else controller.enqueue(encoder.encode(rows.map(line).join("")));
    },
  });
  return new Response(stream, {
    headers: {
      "content-type":
        format === "csv" ? `${FILE_TYPES.csv}; charset=utf-8; header=present` : FILE_TYPES.ndjson,
      "content-disposition": `attachment; filename="${name}.${format}"`,
    },
  });
}
