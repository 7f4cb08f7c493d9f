/** What a row looks like as JSON, read off its table's columns, so that a list of members is written down only once. */
import { getTableColumns } from "drizzle-orm";
import { PgArray, type PgColumn, type PgTable } from "drizzle-orm/pg-core";
import { z } from "zod";
import type { Columns } from "../../db/queries/shared/crud.ts";

/** The shown columns of a table, in its order. */
export function selectColumns(table: PgTable, hidden: readonly string[] = []): Columns {
  return Object.fromEntries(
    Object.entries(getTableColumns(table)).filter(([name]) => !hidden.includes(name)),
  );
}

/** `known`: what cannot be derived from a column, such as the content of a jsonb. */
export function rowShape(columns: Columns, known: Readonly<Record<string, z.ZodType>> = {}): z.ZodObject {
  return z.object({
    ...Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, known[name] ?? columnMember(column)]),
    ),
  });
}

function columnMember(column: PgColumn): z.ZodType {
  const value = kindOfValue(column);
  return column.notNull ? value : value.nullable();
}

function kindOfValue(column: PgColumn): z.ZodType {
  if (column instanceof PgArray) return z.array(kindOfValue(column.baseColumn));
  if (column.enumValues !== undefined && column.enumValues.length > 0) return z.enum(column.enumValues);
  switch (column.dataType) {
    case "date":
      return z.iso.datetime();
    case "number":
      return z.number();
    case "boolean":
      return z.boolean();
    case "custom":
      return column.getSQLType() === "jsonb" ? z.unknown() : z.string();
    default:
      return column.columnType === "PgUUID" ? z.uuid() : z.string();
  }
}

/** The filter of a column in a query string. */
export function columnFilter(column: PgColumn): z.ZodType {
  if (column.dataType === "boolean") return z.stringbool();
  if (column.dataType === "number") return z.coerce.number();
  return column.columnType === "PgUUID" || column.enumValues !== undefined
    ? kindOfValue(column)
    : z.string().max(500);
}
