/** Turns the arguments that a client of a toolset sends into those that the server receives. */
import type { JsonObject } from "../mcp/json-rpc.ts";
import { isWithheld } from "./apply-override.ts";
import type { ItemOverride } from "./toolset.ts";

export type ArgumentTranslation =
  | { readonly kind: "translated"; readonly args: JsonObject }
  /** The client set parameters that the toolset does not offer. */
  | { readonly kind: "rejected"; readonly names: readonly string[] };

export function translateArguments(
  given: JsonObject,
  parameters: ItemOverride["parameters"],
): ArgumentTranslation {
  const overrides = Object.entries(parameters ?? {});
  const names = overrides.flatMap(([name, override]) =>
    isWithheld(override) && Object.hasOwn(given, name) ? [name] : [],
  );
  if (names.length > 0) return { kind: "rejected", names };
  const added = overrides.flatMap(([name, { value, default: usual }]): [string, unknown][] => {
    if (value !== undefined) return [[name, value]];
    return usual === undefined || Object.hasOwn(given, name) ? [] : [[name, usual]];
  });
  if (added.length === 0) return { kind: "translated", args: given };
  return { kind: "translated", args: Object.fromEntries([...Object.entries(given), ...added]) };
}
