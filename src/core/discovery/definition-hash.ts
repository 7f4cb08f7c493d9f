/**
 * What a tool's definition comes down to: one hash of everything that a model or a client may act on, the same whatever
 * the order of members and however a number is spelled.
 */
import { sha256Hex } from "../digest.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { getMember, getNumber, isMembers } from "../mcp/lossless-json.ts";

/** A picture changes nothing about what a tool does, and servers that inline theirs make them anew each time. */
const EXCLUDED_MEMBERS = new Set(["icons"]);

export function hashDefinition(definition: JsonObject): Promise<string> {
  const kept = Object.entries(definition).filter(([member]) => !EXCLUDED_MEMBERS.has(member));
  return sha256Hex(canonicalJson(Object.fromEntries(kept)));
}

/** A tool that is listed twice with different definitions has no hash, since it cannot have been approved. */
export async function hashToolsByName(tools: readonly JsonObject[]): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const [index, hash] of (await Promise.all(tools.map(hashDefinition))).entries()) {
    const name = getMember(tools[index], "name");
    if (typeof name !== "string") continue;
    const other = hashes.get(name);
    hashes.set(name, other === undefined || other === hash ? hash : "");
  }
  return hashes;
}

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
