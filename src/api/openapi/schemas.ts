/** JSON Schemas of zod's, with what has a name moved to where OpenAPI keeps such things. */
import { z } from "zod";
import type { RouteInput } from "../http/validate.ts";

export type Json = Record<string, unknown>;

export class SchemaStore {
  readonly named: Json = {};

  /** `io`: as it comes in, or as it goes out. */
  of(schema: z.ZodType, io: "input" | "output"): Json {
    // Wrapped, because zod writes a named schema in full where it stands at the top.
    const wrapped = z.toJSONSchema(z.object({ it: schema }), { io, unrepresentable: "any" });
    for (const [name, definition] of Object.entries(wrapped.$defs ?? {}))
      this.named[name] = moved(definition);
    const { it } = wrapped.properties ?? {};
    return isJson(it) ? moved(it) : {};
  }

  parametersOf({ part, schema }: RouteInput): Json[] {
    const { properties, required } = this.of(schema, "input");
    if (!isJson(properties)) return [];
    const needed: readonly unknown[] = Array.isArray(required) ? required : [];
    return Object.entries(properties).map(([name, property]) => {
      const { description, example, ...rest } = isJson(property) ? property : {};
      return {
        name,
        in: part === "param" ? "path" : "query",
        required: part === "param" || needed.includes(name),
        ...(description !== undefined && { description }),
        ...(example !== undefined && { example }),
        schema: rest,
      };
    });
  }
}

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function moved(value: unknown): Json {
  const copy: unknown = JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'));
  return isJson(copy) ? copy : {};
}
