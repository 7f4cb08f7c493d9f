/** The definition of an item as clients of a toolset see it. */
import type { JsonObject } from "../mcp/json-rpc.ts";
import { getMember, isMembers } from "../mcp/lossless-json.ts";
import { type ItemOverride, type ParameterOverride, TOOL_HINTS } from "./toolset.ts";

/** The name is left as it is: the name table decides about it. */
export function applyOverride(definition: JsonObject, override: ItemOverride): JsonObject {
  const { title, description, hints, parameters } = override;
  const annotations = getMember(definition, "annotations");
  const replaced = TOOL_HINTS.flatMap((hint) => (hints?.[hint] === undefined ? [] : [[hint, hints[hint]]]));
  return {
    ...definition,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(replaced.length > 0 && {
      annotations: { ...(isMembers(annotations) && annotations), ...Object.fromEntries(replaced) },
    }),
    ...(parameters !== undefined && {
      inputSchema: applyParameters(getMember(definition, "inputSchema"), parameters),
    }),
  };
}

/** Whether clients can neither see nor set the parameter. */
export const isWithheld = ({ value, isHidden }: ParameterOverride): boolean =>
  value !== undefined || isHidden === true;

function applyParameters(
  given: unknown,
  parameters: Readonly<Record<string, ParameterOverride>>,
): JsonObject {
  const schema: JsonObject = isMembers(given) ? given : { type: "object" };
  const properties = getMember(schema, "properties");
  const required = getMember(schema, "required");
  const find = (name: string) => (Object.hasOwn(parameters, name) ? parameters[name] : undefined);
  const isOptional = (name: unknown) => {
    const override = typeof name === "string" ? find(name) : undefined;
    return override !== undefined && (isWithheld(override) || override.default !== undefined);
  };
  return {
    ...schema,
    ...(isMembers(properties) && {
      properties: Object.fromEntries(
        Object.entries(properties).flatMap(([name, property]) => {
          const override = find(name);
          if (override === undefined) return [[name, property]];
          return isWithheld(override) ? [] : [[name, describeParameter(property, override)]];
        }),
      ),
    }),
    ...(Array.isArray(required) && { required: required.filter((name) => !isOptional(name)) }),
  };
}

function describeParameter(property: unknown, override: ParameterOverride): unknown {
  const schema = isMembers(property) ? property : {};
  return {
    ...schema,
    ...(override.default !== undefined && { default: override.default }),
    ...(override.description !== undefined && { description: override.description }),
  };
}
