// Runs one statement by the extended protocol with text in and text out, so that the answer holds exactly
// what Postgres printed and a second statement in the same text is refused as Neon refuses it.
import { type ClientBase, type FieldDef, Query, type QueryConfig } from "pg";
import { badRequest, NeonError, queryError, responseTooLarge } from "./errors.ts";
import type { Statement } from "./payload.ts";
import { type ArrayTypes, textToJson } from "./values.ts";

/** Neon's proxy has the types that come with Postgres; any other is "unknown" in its responses. */
const FIRST_USER_OID = 16384;
const UNKNOWN_TYPE = 705;

export interface Output {
  /** Of array types to convert; undefined leaves all values as the text that Postgres printed. */
  readonly arrays: ArrayTypes | undefined;
  readonly arrayMode: boolean;
  readonly budget: ResponseBudget;
}

/** One for a whole batch: Neon limits the answer, not each result. */
export interface ResponseBudget {
  readonly limit: number;
  used: number;
}

interface ExtendedQuery extends QueryConfig {
  readonly rowMode: "array";
  readonly queryMode: "extended";
}

/** Neither pg's answer to COPY FROM STDIN nor dropping what COPY TO prints leaves a usable connection. */
class TextQuery extends Query<unknown[]> {
  handleCopyInResponse(): void {
    this.emit("error", badRequest("unexpected message from server"));
  }
  handleCopyData(): void {
    this.emit("error", badRequest("unexpected message from server"));
  }
}

/** The JSON text of one result. */
export async function runStatement(
  client: ClientBase,
  statement: Statement,
  output: Output,
): Promise<string> {
  const { fields, rows, command, rowCount } = await execute(client, statement, output.budget);
  const types = fields.map(({ dataTypeID }) => (dataTypeID < FIRST_USER_OID ? dataTypeID : UNKNOWN_TYPE));
  const arrayMode = statement.arrayMode ?? output.arrayMode;

  const valueToJson = (text: string | null, column: number): string => {
    if (text === null) return "null";
    if (output.arrays === undefined) return JSON.stringify(text);
    return textToJson(text, types[column] ?? UNKNOWN_TYPE, output.arrays);
  };
  const keys = fields.map((field) => `${JSON.stringify(field.name)}:`);
  const rowToJson = (row: readonly (string | null)[]): string =>
    arrayMode
      ? `[${row.map(valueToJson).join(",")}]`
      : `{${row.map((text, column) => `${keys[column]}${valueToJson(text, column)}`).join(",")}}`;

  let printedRows: string;
  try {
    printedRows = rows.map(rowToJson).join(",");
  } catch {
    throw new NeonError(500, "could not parse postgres response");
  }
  const printedFields = JSON.stringify(
    fields.map(({ name, tableID, columnID, dataTypeSize, dataTypeModifier }, column) => ({
      name,
      dataTypeID: types[column],
      tableID,
      columnID,
      dataTypeSize,
      dataTypeModifier,
      format: "text",
    })),
  );
  const json = `{"rowAsArray":${arrayMode},"fields":${printedFields},"rows":[${printedRows}],"command":${JSON.stringify(command)},"rowCount":${rowCount}}`;
  output.budget.used += Buffer.byteLength(json);
  if (output.budget.used > output.budget.limit) throw responseTooLarge(output.budget.limit);
  return json;
}

interface TextResult {
  readonly fields: readonly FieldDef[];
  readonly rows: readonly (string | null)[][];
  readonly command: string;
  readonly rowCount: number | null;
}

function execute(client: ClientBase, statement: Statement, budget: ResponseBudget): Promise<TextResult> {
  const config: ExtendedQuery = {
    text: statement.text,
    values: [...statement.values],
    types: { getTypeParser: () => (text: unknown) => text },
    rowMode: "array",
    queryMode: "extended",
  };
  return new Promise((resolve, reject) => {
    const query = new TextQuery(config);
    const rows: (string | null)[][] = [];
    // Characters are a lower bound of bytes, so this never refuses what fits; it only bounds memory.
    let atLeast = budget.used;
    query.on("row", (row) => {
      if (atLeast > budget.limit) return;
      const texts = row.map((value) => (typeof value === "string" ? value : null));
      for (const text of texts) atLeast += (text?.length ?? 0) + 1;
      rows.push(texts);
      if (atLeast > budget.limit) {
        rows.length = 0;
        reject(responseTooLarge(budget.limit));
      }
    });
    query.on("error", (error) => reject(queryError(error)));
    query.on("end", ({ fields, command, rowCount }) => {
      // An empty query has no command tag; pg returns null where Neon returns "".
      resolve({ fields, rows, command: command ?? "", rowCount });
    });
    client.query(query);
  });
}
