/**
 * Lists in any order that a caller can request, page by page. A page begins behind the last row of the page before:
 * its place is what the row was sorted by, as exact text, and its id.
 */
import { and, asc, desc, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";

export interface SortKey {
  readonly by: SQL | PgColumn;
  /** Postgres' name of its type, to read a place back. */
  readonly type: string;
}

export interface SortOrder {
  /** At least one. */
  readonly keys: readonly (SortKey & { readonly descending: boolean })[];
  readonly id: PgColumn;
}

/** The values of the keys, then the id. */
export type CursorValues = readonly string[];

/** Which part of a list, and in which order. */
export interface PageQuery {
  readonly order: SortOrder;
  readonly after?: CursorValues | undefined;
  readonly limit: number;
}

/** Where there is no value, the row comes last, or first where the order is turned round. */
const NOTHING: Readonly<Record<string, string>> = {
  "double precision": "'infinity'",
  "timestamp with time zone": "'infinity'",
  integer: "2147483647",
  bigint: "9223372036854775807",
  text: "''",
};

export function sortKey(column: PgColumn): SortKey {
  const type = column.getSQLType();
  const nothing = NOTHING[type];
  const by = column.notNull || nothing === undefined ? column : sql`coalesce(${column}, ${sql.raw(nothing)})`;
  return { by, type };
}

/** To be selected with the row. */
export function cursorValues({ keys, id }: SortOrder): SQL.Aliased<CursorValues> {
  const texts = [...keys.map(({ by }) => by), id].map((value) => sql`${value}::text`);
  return sql<CursorValues>`jsonb_build_array(${sql.join(texts, sql`, `)})`.as("place");
}

export function orderBy({ keys, id }: SortOrder): SQL[] {
  const last = keys.at(-1)?.descending === true ? desc(id) : asc(id);
  return [...keys.map(({ by, descending }) => (descending ? desc(by) : asc(by))), last];
}

/** Rows that come after a place. */
export function afterKey(order: SortOrder, place: CursorValues | undefined): SQL | undefined {
  if (place === undefined) return undefined;
  const last = order.keys.at(-1)?.descending === true;
  const all = [...order.keys, { by: order.id, type: order.id.getSQLType(), descending: last }];
  const steps = all.map(({ by, type, descending }, index) => ({
    by,
    value: sql`${place[index] ?? ""}::${sql.raw(type)}`,
    descending,
  }));
  // Only as one comparison does it lead an index.
  if (steps.every(({ descending }) => descending === last)) {
    const left = sql.join(
      steps.map(({ by }) => sql`${by}`),
      sql`, `,
    );
    const right = sql.join(
      steps.map(({ value }) => value),
      sql`, `,
    );
    return last ? sql`(${left}) < (${right})` : sql`(${left}) > (${right})`;
  }
  return or(
    ...steps.map(({ by, value, descending }, index) =>
      and(
        ...steps.slice(0, index).map((before) => sql`${before.by} = ${before.value}`),
        descending ? sql`${by} < ${value}` : sql`${by} > ${value}`,
      ),
    ),
  );
}
