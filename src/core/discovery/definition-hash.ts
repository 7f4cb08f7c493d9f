/**
 * What a tool's definition comes down to: one hash of everything that a model or a client may act on, the same whatever
 * the order of members and however a number is spelled.
 */

import { sha256Hex } from "../digest.ts";
import { canonicalJson } from "../mcp/canonical-json.ts";
import type { JsonObject } from "../mcp/json-rpc.ts";
import { getMember } from "../mcp/lossless-json.ts";

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
