// Arguments of a tool from the command line: one JSON object, or name=value for each, typed by the tool's schema.
import { z } from "zod";
import { Problem } from "../../lib/problem.ts";
import { EXIT_USAGE } from "../../lib/usage.ts";

const schemaShape = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});
const propertyShape = z
  .object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    description: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
  })
  .catch({});

export type ToolArguments = Readonly<Record<string, unknown>>;

/** Prompts for the value of an argument. */
export type AskArgument = (name: string, hint: string) => Promise<string>;

/** `ask` is given on a terminal: it prompts for required arguments that are missing. */
export async function readArguments(
  texts: readonly string[],
  inputSchema: unknown,
  ask: AskArgument | undefined,
): Promise<ToolArguments> {
  const { properties, required } = schemaShape.catch({ properties: {}, required: [] }).parse(inputSchema);
  const values: Record<string, unknown> = {};
  for (const text of texts) Object.assign(values, readArgument(text, properties));
  if (ask === undefined) return values;
  for (const name of required.filter((each) => !Object.hasOwn(values, each))) {
    const property = propertyShape.parse(properties[name]);
    values[name] = readValue(name, await ask(name, describeProperty(property)), properties[name]);
  }
  return values;
}

function readArgument(text: string, properties: Readonly<Record<string, unknown>>): ToolArguments {
  if (text.startsWith("{")) return parseObject(text);
  const at = text.indexOf("=");
  if (at < 1) throw new Problem(`Arguments are a JSON object or name=value: ${text}`, EXIT_USAGE);
  const name = text.slice(0, at);
  return { [name]: readValue(name, text.slice(at + 1), properties[name]) };
}

function parseObject(text: string): ToolArguments {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new Problem(`The arguments are not a JSON object: ${text.slice(0, 80)}`, EXIT_USAGE);
  }
}

/** Texts stay as they are; everything else is JSON. Without a schema, what is JSON is read as JSON. */
function readValue(name: string, text: string, property: unknown): unknown {
  const types = [propertyShape.parse(property).type ?? []].flat();
  if (types.includes("string")) return text;
  try {
    return JSON.parse(text);
  } catch {
    if (types.length === 0) return text;
    throw new Problem(
      `Argument ${name} must be of type ${types.join(" or ")}: ${text.slice(0, 80)}`,
      EXIT_USAGE,
    );
  }
}

function describeProperty({ type, description, enum: choices }: z.output<typeof propertyShape>): string {
  const kind = choices === undefined ? [type ?? []].flat().join(" or ") : choices.join(", ");
  return [kind, description ?? ""].filter((part) => part !== "").join(": ");
}
