/** Lists come in pages: `?limit=…&cursor=…` in, `{items, nextCursor}` out. The cursor is the last row's place, not a number. */
import { z } from "zod";
import { fromBase64url, toBase64url } from "../../core/base64url.ts";
import { InvalidInputError } from "../../core/errors.ts";

const MAX_PAGE_SIZE = 200;

/** To be extended by the other parameters of a list. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(50),
  cursor: z.string().max(1000).optional(),
});

export interface PageBody<T> {
  readonly items: readonly T[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/** Lists by name. */
export const nameCursor = z.object({ name: z.string(), id: z.string() });
/** Lists by id, which is the order of making. */
export const idCursor = z.object({ id: z.uuid() });

export function parseCursor<S extends z.ZodType>(
  place: S,
  cursor: string | undefined,
): z.output<S> | undefined {
  if (cursor === undefined) return undefined;
  const parsed = place.safeParse(parseJson(fromBase64url(cursor)));
  if (parsed.success) return parsed.data;
  throw new InvalidInputError([{ path: "cursor", message: "is not a valid cursor" }]);
}

/** `rows` holds one more than `limit` when there is a further page: query limit + 1 rows. */
export function buildPage<T>(rows: readonly T[], limit: number, placeOf: (row: T) => object): PageBody<T> {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : formatCursor(placeOf(last)) };
}

const formatCursor = (place: object) => toBase64url(new TextEncoder().encode(JSON.stringify(place)));

function parseJson(bytes: Uint8Array | undefined): unknown {
  try {
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
