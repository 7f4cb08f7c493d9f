/**
 * Declares the successful response of a route beside its input (validate.ts): for the API's description,
 * and for the contract test, which holds every answer against it.
 */
import { createMiddleware } from "hono/factory";
import { z } from "zod";

export interface RouteResponse {
  readonly status: number;
  /** Of the JSON; undefined for an answer without a body. */
  readonly schema: z.ZodType | undefined;
  /** In a sentence. */
  readonly says: string;
  /** Other media types that the caller can request; all of them without a schema. */
  readonly also?: readonly string[];
}

const answers = new WeakMap<object, RouteResponse>();

/** What a handler of `app.routes` declares. */
export const routeResponse = (handler: object): RouteResponse | undefined => answers.get(handler);

function declare(answer: RouteResponse) {
  const middleware = createMiddleware((_, next) => next());
  answers.set(middleware, answer);
  return middleware;
}

export const responds = (schema: z.ZodType, says: string, status = 200) => declare({ status, schema, says });

/** Responds with JSON, or with text of another type if the caller requests it. */
export const respondsOr = (also: string, schema: z.ZodType, says: string) =>
  declare({ status: 200, schema, says, also: [also] });

/** A file, written as it is read; in one of these types. */
export const respondsFile = (types: readonly string[], says: string) =>
  declare({ status: 200, schema: undefined, says, also: types });

export const respondsEmpty = (says: string, status = 204) => declare({ status, schema: undefined, says });

export const respondsPage = (item: z.ZodType, says: string) =>
  declare({ status: 200, schema: pageShape(item), says });

const pageShape = (item: z.ZodType) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe("Cursor of the next page, or null."),
  });
