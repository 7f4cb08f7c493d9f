/**
 * Compares `Mcp-Param-*` headers with the arguments that they repeat (SEP-2243). A header that differs from the body is
 * rejected, because an intermediary may have acted on it.
 */
import { decodeHeaderValue, encodeHeaderValue, type HeaderLookup } from "./inbound.ts";
import { getMember, getNumber, isMembers } from "./lossless-json.ts";

/** Schemas are untrusted input. */
const MAX_DEPTH = 20;

/** What is wrong, or undefined. */
export function checkParamHeaders(schema: unknown, args: unknown, header: HeaderLookup): string | undefined {
  for (const { name, value } of listMirrored(schema, args, 0)) {
    const complaint = compare(name, value, header);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

/** The headers that a client of the modern era sends with these arguments. */
export function buildParamHeaders(schema: unknown, args: unknown): [name: string, value: string][] {
  return listMirrored(schema, args, 0).flatMap(({ name, value }): [string, string][] => {
    const number = getNumber(value);
    const text = number === undefined ? value : String(number);
    if (typeof text !== "string" && typeof text !== "boolean") return [];
    return [[name, encodeHeaderValue(String(text))]];
  });
}

interface MirroredParam {
  readonly name: string;
  readonly value: unknown;
}

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

/** Every argument that the schema requires in a header, with its value. */
function listMirrored(schema: unknown, value: unknown, depth: number): MirroredParam[] {
  const properties = isMembers(schema) ? getMember(schema, "properties") : undefined;
  if (!isMembers(properties) || depth > MAX_DEPTH) return [];
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isMembers(property)) return [];
    const own = isMembers(value) ? getMember(value, name) : undefined;
    const header = getMember(property, "x-mcp-header");
    if (typeof header !== "string" || !HEADER_NAME.test(header))
      return listMirrored(property, own, depth + 1);
    return [{ name: `Mcp-Param-${header}`, value: own }];
  });
}

function compare(name: string, value: unknown, header: HeaderLookup): string | undefined {
  const raw = header(name.toLowerCase());
  if (value === undefined || value === null) {
    return raw === undefined ? undefined : `Header ${name} refers to a missing argument.`;
  }
  if (raw === undefined) return `The header ${name} is missing.`;
  const text = /^[\x20-\x7e]*$/.test(raw) ? decodeHeaderValue(raw) : undefined;
  if (text === undefined) return `Header ${name} is not encoded correctly.`;
  return matchesHeader(text, value) ? undefined : `Header ${name} does not match the body.`;
}

function matchesHeader(text: string, value: unknown): boolean {
  const number = getNumber(value);
  if (number !== undefined) return text !== "" && Number(text) === number;
  if (typeof value === "boolean") return text === String(value);
  return text === value;
}
