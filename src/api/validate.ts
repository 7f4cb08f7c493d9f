/**
 * What a route takes, checked at the route by one zod schema. Schemas are remembered by handler, so that the API's
 * description is made from the very schemas that judge the input (zod writes the JSON Schema that OpenAPI 3.1 speaks).
 */
import { validator } from "hono/validator";
import type { z } from "zod";
import { GatewayError, type InputIssue, InvalidInputError } from "../core/errors.ts";
import { faultsOfText } from "./storable.ts";

type Part = "json" | "query" | "param";

export interface RouteInput {
  readonly part: Part;
  readonly schema: z.ZodType;
}

/** What a schema says that it takes, by its `examples`; zod's JSON Schema leaves them out where it transforms. */
export function examplesOf(schema: z.ZodType): readonly unknown[] {
  const examples = schema.meta()?.examples;
  return Array.isArray(examples) ? examples : [];
}

const inputs = new WeakMap<object, RouteInput>();

/** What a handler of `app.routes` validates. */
export const routeInput = (handler: object): RouteInput | undefined => inputs.get(handler);

export const body = <S extends z.ZodType>(schema: S) => {
  const middleware = validator("json", (value, c) => {
    const type = c.req.header("content-type") ?? "";
    if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
      throw new GatewayError("unsupported_media_type", "Send JSON, with `Content-Type: application/json`.");
    }
    return check(schema, value, pointer);
  });
  inputs.set(middleware, { part: "json", schema });
  return middleware;
};

export const query = <S extends z.ZodType>(schema: S) => {
  const middleware = validator("query", (value) => check(schema, value, dotted));
  inputs.set(middleware, { part: "query", schema });
  return middleware;
};

export const params = <S extends z.ZodType>(schema: S) => {
  const middleware = validator("param", (value) => check(schema, value, dotted));
  inputs.set(middleware, { part: "param", schema });
  return middleware;
};

type Path = readonly PropertyKey[];

/** JSON Pointer, RFC 6901. */
const pointer = (path: Path) =>
  path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

const dotted = (path: Path) => path.map(String).join(".");

function check<S extends z.ZodType>(schema: S, value: unknown, place: (path: Path) => string): z.output<S> {
  const faults = faultsOfText(value, place);
  if (faults.length > 0) throw new InvalidInputError(faults);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors: InputIssue[] = parsed.error.issues.map(({ path, message }) => ({
    path: place(path),
    message,
  }));
  throw new InvalidInputError(errors);
}
