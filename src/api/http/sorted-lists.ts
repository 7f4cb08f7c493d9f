/**
 * Lists with selectable order and fields: `?sort=-createdAt,name&fields=id,name&limit=…&cursor=…`. The
 * cursor is sealed: it contains the position of the last row, which its holder may not be allowed to see, and it fits
 * the list, the order and the tenant that it was given for and nothing else.
 */
import type { PgColumn } from "drizzle-orm/pg-core";
import { z } from "zod";
import { InvalidInputError } from "../../core/errors.ts";
import type { Keyring } from "../../core/keyring.ts";
import type { CursorValues, PageQuery, SortKey, SortOrder } from "../../db/queries/shared/sort.ts";
import { type PageBody, pageQuery } from "./cursors.ts";

const MAX_SORT_KEYS = 3;

const listParam = (names: readonly string[], what: string) =>
  z
    .string()
    .max(500)
    .transform((text) => text.split(","))
    .refine((wanted) => wanted.every((name) => names.includes(name)), `must be ${what}: ${names.join(", ")}`);

const sortParam = (names: readonly string[], usual: string) => {
  const both = names.flatMap((name) => [name, `-${name}`]);
  return listParam(both, "comma-separated fields, each optionally prefixed with `-`")
    .refine((wanted) => wanted.length <= MAX_SORT_KEYS, `must have at most ${MAX_SORT_KEYS} fields`)
    .default([usual])
    .meta({
      description: `Comma-separated fields; prefix with \`-\` for descending order. Default: ${usual}.`,
      example: usual,
    });
};

export const fieldNames = (shape: z.ZodObject) => {
  const names = Object.keys(shape.shape);
  return listParam(names, "comma-separated field names")
    .optional()
    .meta({ description: "Comma-separated fields to return.", example: names.slice(0, 2).join(",") });
};

export interface Sorts {
  readonly keys: Readonly<Record<string, SortKey>>;
  /** As a caller would write it. */
  readonly usual: string;
  readonly id: PgColumn;
}

/** To be extended by the other parameters of a list. */
export const listQuery = (sorts: Sorts, shape: z.ZodObject) =>
  pageQuery.extend({ sort: sortParam(Object.keys(sorts.keys), sorts.usual), fields: fieldNames(shape) });

export function parseSort({ keys, id }: Sorts, sort: readonly string[]): SortOrder {
  const chosen = sort.flatMap((name) => {
    const descending = name.startsWith("-");
    const key = keys[descending ? name.slice(1) : name];
    return key === undefined ? [] : [{ ...key, descending }];
  });
  return { keys: chosen, id };
}

export function pickFields(row: Readonly<Record<string, unknown>>, fields: readonly string[] | undefined) {
  if (fields === undefined) return row;
  return Object.fromEntries(fields.map((name) => [name, row[name]]));
}

interface ListQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly sort: readonly string[];
  readonly fields?: readonly string[] | undefined;
}

/** A page of a list that has a query of its own. */
export async function offsetPage<R extends { readonly place: CursorValues }>(
  scope: CursorScope,
  sorts: Sorts,
  { limit, cursor, sort, fields }: ListQuery,
  read: (slice: PageQuery) => PromiseLike<readonly R[]>,
) {
  const own = { ...scope, list: `${scope.list}?${sort.join()}` };
  const slice = { order: parseSort(sorts, sort), after: await openCursor(own, cursor), limit: limit + 1 };
  return cursorPage(own, await read(slice), limit, (page) =>
    page.map(({ place: _, ...row }) => pickFields(row, fields)),
  );
}

/** What a cursor is good for. */
export interface CursorScope {
  readonly keyring: Keyring;
  readonly tenantId: string;
  /** The list, with whatever it was narrowed to. */
  readonly list: string;
}

const purpose = ({ tenantId, list }: CursorScope) => `cursor:${tenantId}:${list}`;
const placeShape = z.array(z.string());

export async function openCursor(
  scope: CursorScope,
  cursor: string | undefined,
): Promise<CursorValues | undefined> {
  if (cursor === undefined) return undefined;
  const opened = await scope.keyring.open(purpose(scope), cursor);
  if (opened === undefined) {
    throw new InvalidInputError([{ path: "cursor", message: "is not a valid cursor" }]);
  }
  return placeShape.parse(JSON.parse(new TextDecoder().decode(opened)));
}

/** `rows` holds one more than `limit` where there is a further page. */
export async function cursorPage<R extends { readonly place: CursorValues }, T>(
  scope: CursorScope,
  rows: readonly R[],
  limit: number,
  show: (rows: readonly R[]) => readonly T[],
): Promise<PageBody<T>> {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const nextCursor =
    last === undefined
      ? null
      : await scope.keyring.seal(purpose(scope), new TextEncoder().encode(JSON.stringify(last.place)));
  return { items: show(page), nextCursor };
}
