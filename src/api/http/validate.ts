/**
 * What a route takes, checked at the route by one zod schema. Schemas are stored by handler, so that the API's
 * description is made from the very schemas that judge the input (zod writes the JSON Schema dialect of OpenAPI 3.1).
 */
import type { Context } from "hono";
import { validator } from "hono/validator";
import { z } from "zod";
import { GatewayError, type InputIssue, InvalidInputError } from "../../core/errors.ts";
import { findTextFaults } from "./storable-text.ts";

type Part = "json" | "query" | "param";

export interface RouteInput {
  readonly part: Part;
  readonly schema: z.ZodType;
}

/** The `examples` of a schema; zod's JSON Schema leaves them out where it transforms. */
export function listExamples(schema: z.ZodType): readonly unknown[] {
  const examples = schema.meta()?.examples;
  return Array.isArray(examples) ? examples : [];
}

const inputs = new WeakMap<object, RouteInput>();

/** What a handler of `app.routes` validates. */
export const routeInput = (handler: object): RouteInput | undefined => inputs.get(handler);

/** Faults of a body that a schema cannot see; reported together with those that it can. */
type FurtherFaults = (value: unknown, c: Context) => readonly InputIssue[];

export const body = <S extends z.ZodType>(schema: S, further: FurtherFaults = () => []) => {
  const middleware = validator("json", (value, c) => {
    const type = c.req.header("content-type") ?? "";
    if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
      throw new GatewayError("unsupported_media_type", "Send JSON with `Content-Type: application/json`.");
    }
    return check(schema, value, pointer, further(value, c));
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

function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  place: (path: Path) => string,
  further: readonly InputIssue[] = [],
): z.output<S> {
  const parsed = schema.safeParse(value);
  const issues = parsed.success ? [] : parsed.error.issues;
  const faults: InputIssue[] = [
    ...findTextFaults(value, place),
    ...issues.map(({ path, message }) => ({ path: place(path), message })),
    ...further,
  ];
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new InvalidInputError(faults);
}

/** Throws for query parameters that none of a request's handlers takes, as bodies with unknown members are refused. */
export function rejectUnknownParameters(url: string, handlers: readonly object[]): void {
  const given = [...new Set(new URL(url).searchParams.keys())];
  if (given.length === 0) return;
  const schemas = handlers
    .flatMap((handler) => routeInput(handler) ?? [])
    .filter(({ part }) => part === "query");
  const known = schemas.flatMap(({ schema }) =>
    schema instanceof z.ZodObject ? Object.keys(schema.shape) : [],
  );
  const unknown = given.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const takes = known.length === 0 ? "none are supported" : `supported: ${known.join(", ")}`;
  throw new InvalidInputError(
    unknown.map((path) => ({ path, message: `is not a supported parameter; ${takes}` })),
  );
}
