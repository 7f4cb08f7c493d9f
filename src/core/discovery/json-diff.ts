/**
 * What changed between two JSON values, for people to read: where, and of long texts only the part that differs. What
 * cannot be seen on a screen is spelled out, since hiding it may have been the point.
 */

import { isMembers, isSameJson } from "../mcp/lossless-json.ts";
import { escapeHiddenCharacters } from "./hidden-characters.ts";

export interface Difference {
  /** A JSON Pointer; empty for the whole. */
  readonly path: string;
  /** Absent where there was nothing before. */
  readonly before?: string;
  readonly after?: string;
}

const MAX_DIFFERENCES = 50;
const MAX_CHARACTERS = 1000;
/** Around the part that differs. */
const CONTEXT = 40;

export function diffJson(before: unknown, after: unknown): Difference[] {
  const found: Difference[] = [];
  compare(before, after, "", found);
  return found;
}

function compare(before: unknown, after: unknown, path: string, found: Difference[]): void {
  if (found.length >= MAX_DIFFERENCES || isSameJson(before, after)) return;
  if (isMembers(before) && isMembers(after)) {
    for (const member of [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()) {
      const step = member.replaceAll("~", "~0").replaceAll("/", "~1");
      compare(own(before, member), own(after, member), `${path}/${step}`, found);
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    for (let index = 0; index < length; index += 1) {
      compare(before[index], after[index], `${path}/${index}`, found);
    }
  } else {
    found.push({ path, ...formatPair(before, after) });
  }
}

const own = (object: object, member: string): unknown =>
  Object.hasOwn(object, member) ? Reflect.get(object, member) : undefined;

function formatPair(before: unknown, after: unknown): Omit<Difference, "path"> {
  if (typeof before === "string" && typeof after === "string") {
    const [left, right] = cutToDifference(before, after);
    return { before: shorten(left), after: shorten(right) };
  }
  return {
    ...(before !== undefined && { before: shorten(toText(before)) }),
    ...(after !== undefined && { after: shorten(toText(after)) }),
  };
}

const toText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

const shorten = (text: string) => {
  const plain = escapeHiddenCharacters(text);
  return plain.length > MAX_CHARACTERS ? `${plain.slice(0, MAX_CHARACTERS)}…` : plain;
};

function cutToDifference(before: string, after: string): readonly [string, string] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const from = Math.max(0, start - CONTEXT);
  const part = (text: string) => {
    const to = Math.min(text.length, text.length - end + CONTEXT);
    return `${from > 0 ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`;
  };
  return [part(before), part(after)];
}
