/** Aggregates that Drizzle has no word for, or types as text, with the type that the drivers really return. */
import { type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";

/** Null when there was nothing to average. Only for double precision, which every driver returns as a number. */
export function mean(column: AnyPgColumn): SQL<number | null> {
  return sql<number | null>`avg(${column})`;
}

export function percentile(fraction: number, column: AnyPgColumn): SQL<number | null> {
  return sql<number | null>`percentile_cont(${sql.raw(String(fraction))}) within group (order by ${column})`;
}

export function countWhere(condition: SQL): SQL<number> {
  return sql`count(*) filter (where ${condition})`.mapWith(Number);
}

/** The literal that partial indexes carry: the planner can prove a constant, never a parameter of a generic plan. */
export const zero = sql`0`;
