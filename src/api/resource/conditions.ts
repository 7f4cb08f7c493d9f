/** What a list is narrowed to by its query string. */
import { and, eq, ilike, like, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Columns, CrudRow } from "../../db/queries/shared/crud.ts";

const escaped = (text: string) => text.replace(/[\\%_]/g, "\\$&");

/** A text that ends in an asterisk stands for all that begin like it. */
export function equalTo(filters: Columns, asked: CrudRow): SQL | undefined {
  return and(
    ...Object.entries(filters).map(([name, column]) => {
      const value = asked[name];
      if (value === undefined) return undefined;
      const isBeginning = typeof value === "string" && value.endsWith("*") && column.getSQLType() === "text";
      return isBeginning ? like(column, `${escaped(value.slice(0, -1))}%`) : eq(column, value);
    }),
  );
}

/** Numbers from the outside may be larger than the column's type. */
export function atLeast(filters: Columns, asked: CrudRow): SQL | undefined {
  return and(
    ...Object.entries(filters).map(([name, column]) =>
      typeof asked[name] === "number" ? sql`${column} >= ${asked[name]}::double precision` : undefined,
    ),
  );
}

export function containing(columns: readonly PgColumn[], text: unknown): SQL | undefined {
  if (typeof text !== "string") return undefined;
  return or(...columns.map((column) => ilike(column, `%${escaped(text)}%`)));
}
