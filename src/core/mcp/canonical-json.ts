/** Serializes JSON values in a canonical form. */

import { getNumber, isMembers } from "./lossless-json.ts";

/** Members in the order of their code units, as in RFC 8785; numbers too long for a double keep their digits. */
export function canonicalJson(value: unknown): string {
  const number = getNumber(value);
  if (number !== undefined) return canonicalNumber(value, number);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  if (!isMembers(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value)
    .toSorted()
    .map((member) => `${JSON.stringify(member)}:${canonicalJson(value[member])}`);
  return `{${members.join(",")}}`;
}

function canonicalNumber(value: unknown, number: number): string {
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return isExact ? JSON.stringify(number) : JSON.stringify(value);
}
