/** A list as a file: page after page is read and written on, so that no list is too long for it. */
import { csvLine } from "../../core/csv.ts";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import type { ListSpec } from "./spec.ts";
import { type ListState, restQuery } from "./state.ts";

const PAGE = 200;

export function exportCsv<Row extends object>(
  rest: ApiClient,
  spec: ListSpec<Row>,
  state: ListState,
): Response {
  const page = pageShape(spec.shape);
  let cursor: string | null = "";
  const write = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (cursor === null) return controller.close();
    const { value } = await rest.read(spec.api, page, restQuery(spec, { ...state, cursor }, PAGE));
    const found = (await spec.complete?.(rest, value.items)) ?? value.items;
    const rows = found.map((row) =>
      csvLine(
        spec.columns.map(({ name, plain }) =>
          plain === undefined ? Object.entries(row).find(([member]) => member === name)?.[1] : plain(row),
        ),
      ),
    );
    const head = cursor === "" ? csvLine(spec.columns.map(({ label }) => label)) : "";
    cursor = value.nextCursor;
    controller.enqueue(new TextEncoder().encode(head + rows.join("")));
  };
  const name = spec.path.split("/").at(-1) ?? "list";
  return new Response(new ReadableStream({ pull: write }), {
    headers: {
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": `attachment; filename="${name}.csv"`,
    },
  });
}
