/**
 * Checks arguments against the JSON Schema of a tool. Schemas come from servers that are not trusted, so keywords whose
 * cost a schema can make unbounded are left to the server itself: regular expressions, references and uniqueness.
 */
import { type Schema, Validator } from "@cfworker/json-schema";
import type { JsonObject } from "../mcp/json-rpc.ts";

const MAX_DEPTH = 20;
const MAX_NODES = 5000;
const MAX_MESSAGES = 5;
const MAX_MESSAGE_LENGTH = 300;

const SKIPPED = new Set([
  "$dynamicRef",
  "$recursiveRef",
  "$ref",
  "$schema",
  "$id",
  "$anchor",
  "$dynamicAnchor",
  "$recursiveAnchor",
  "format",
  "id",
  "pattern",
  "patternProperties",
  "uniqueItems",
]);

/** Keywords whose members are names of properties and not keywords. */
const NAME_MAPS = new Set(["properties", "dependentSchemas", "dependentRequired", "dependencies"]);
/** Keywords whose values are data. */
const DATA = new Set(["const", "default", "enum", "examples"]);

/** What is wrong with the arguments, one sentence each; empty if nothing is. */
export type ArgumentCheck = (args: JsonObject) => readonly string[];

export function createArgumentCheck(schema: unknown): ArgumentCheck {
  const limited = limitSchema(withNumbers(schema), { nodes: 0 }, 0, false);
  if (!isSchema(limited)) return () => [];
  const validator = new Validator(limited, "2020-12", false);
  return (args) => {
    const { valid, errors } = validator.validate(withNumbers(args));
    if (valid) return [];
    const causes = errors.filter(({ keyword }) => !STRUCTURAL.has(keyword));
    const shown = causes.length > 0 ? causes : errors;
    const messages = shown.map(({ instanceLocation, error }) =>
      `${instanceLocation.replace(/^#/, "") || "/"}: ${error}`.slice(0, MAX_MESSAGE_LENGTH),
    );
    return [...new Set(messages)].slice(0, MAX_MESSAGES);
  };
}

/** Keywords that only report that a part failed. */
const STRUCTURAL = new Set(["properties", "items", "allOf", "prefixItems", "additionalProperties", "if"]);

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Raw numbers as numbers. */
const withNumbers = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? "null");

function limitSchema(value: unknown, count: { nodes: number }, depth: number, isNameMap: boolean): unknown {
  count.nodes += 1;
  if (typeof value !== "object" || value === null) return value;
  // What is beyond the limits accepts everything.
  if (depth > MAX_DEPTH || count.nodes > MAX_NODES) return Array.isArray(value) ? [] : {};
  if (Array.isArray(value)) return value.map((item) => limitSchema(item, count, depth + 1, false));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      if (isNameMap) return [[key, limitSchema(member, count, depth + 1, false)]];
      if (SKIPPED.has(key)) return [];
      if (DATA.has(key)) return [[key, member]];
      return [[key, limitSchema(member, count, depth + 1, NAME_MAPS.has(key))]];
    }),
  );
}
