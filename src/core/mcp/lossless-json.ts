/**
 * Editing JSON without touching what is not edited. Numbers survive to the digit (big integers, `1.0`, `1e400`, `-0`):
 * those that JavaScript would write differently travel as raw JSON. What JSON.parse itself decides stays decided: of
 * duplicate keys the last value remains (in the place of the first), integer-like keys move to the front, strings may
 * come back escaped differently. Whatever is forwarded unedited should therefore be forwarded as the text that came.
 */
import { MAX_JSON_DEPTH } from "../size-limits.ts";
import { isObject, type JsonObject } from "./json-rpc.ts";
import { isTooDeep } from "./json-scan.ts";

declare global {
  // ECMAScript's "JSON.parse source text access", which the library of ES2024 does not declare yet.
  interface JSON {
    readonly rawJSON?: (text: string) => unknown;
    readonly isRawJSON?: (value: unknown) => boolean;
  }
}

/**
 * A number that a double or its spelling would lose: fraction, exponent, sixteen digits or more, or minus zero. Finds
 * too much inside strings, which costs time only; nothing else makes JSON.parse and JSON.stringify lose a digit.
 */
const INEXACT_NUMBER = /(?:^|[[,:\s])-?(?:\d+[.eE]|\d{16}|(?<=-)0)/;

/**
 * Undefined for text that is no JSON or nested deeper than MAX_JSON_DEPTH; no JSON text means undefined. Where the runtime
 * cannot keep source text (Node 20), numbers are rounded as JSON.parse rounds them.
 */
export function parseLossless(text: string): unknown {
  // The reviver recurses, and its stack is smaller than that of JSON.parse.
  if (isTooDeep(text, MAX_JSON_DEPTH)) return undefined;
  try {
    return INEXACT_NUMBER.test(text) ? JSON.parse(text, keepSource) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function stringifyLossless(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

function keepSource(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || source === String(value)) return value;
  return JSON.rawJSON?.(source) ?? value;
}

/** The number that a value of parseLossless stands for, raw or not. */
export function getNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return isRaw(value) ? Number(JSON.stringify(value)) : undefined;
}

/** An object of the text, as opposed to a raw number, which is an object to JavaScript and must never be spread. */
export function isMembers(value: unknown): value is JsonObject {
  return isObject(value) && !isRaw(value);
}

function isRaw(value: unknown): boolean {
  return JSON.isRawJSON?.(value) ?? false;
}

/** Reads an own member only: `__proto__` and `constructor` are names like any other in JSON. */
export function getMember(object: JsonObject | undefined, member: string): unknown {
  return object !== undefined && Object.hasOwn(object, member) ? object[member] : undefined;
}

/** The very same value where `change` changes nothing, so that identity shows whether there is anything to write. */
export function mapMember(value: unknown, member: string, change: (value: unknown) => unknown): unknown {
  return isMembers(value) ? mapObject(value, member, change) : value;
}

export function mapObject(
  object: JsonObject,
  member: string,
  change: (value: unknown) => unknown,
): JsonObject {
  if (!Object.hasOwn(object, member)) return object;
  const before = object[member];
  const after = change(before);
  return after === before ? object : { ...object, [member]: after };
}

export function mapItems(value: unknown, change: (item: unknown) => unknown): unknown {
  if (!Array.isArray(value)) return value;
  const before: readonly unknown[] = value;
  const after = before.map((item) => change(item));
  return after.every((item, position) => item === before[position]) ? value : after;
}

/** Lifts a mapping of texts to any value: what is no text stays as it is. */
export function editText(change: (text: string) => string): (value: unknown) => unknown {
  return (value) => (typeof value === "string" ? change(value) : value);
}

/** Whether two values are the same JSON, whatever the order of their members. */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isRaw(left) || isRaw(right)) return JSON.stringify(left) === JSON.stringify(right);
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, position) => isSameJson(item, right[position]))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const members = Object.keys(left);
  return (
    members.length === Object.keys(right).length &&
    members.every((member) => Object.hasOwn(right, member) && isSameJson(left[member], right[member]))
  );
}
