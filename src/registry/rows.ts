/** What a server lists, as the catalogue's tables keep it. */

import type { JsonObject } from "../core/mcp/json-rpc.ts";
import { isMembers, memberOf } from "../core/mcp/json-text.ts";
import { keyOf, type ListMethod } from "../core/mcp/lists.ts";
import { definitionHash } from "../core/registry/definition-hash.ts";
import type { OfferedTool } from "../core/registry/drift.ts";
import type { Offering } from "../upstream/ask.ts";

/** More of one kind is no catalogue but an attack on ours. */
const MOST_ITEMS = 10_000;
const LONGEST_NAME = 255;
const LONGEST_URI = 2000;

/** As long as the columns take them; each name once, the last of a name as a client would have it. */
export function keptItems(
  { lists }: Pick<Offering, "lists">,
  method: ListMethod,
): ReadonlyMap<string, JsonObject> {
  const limit = method === "tools/list" || method === "prompts/list" ? LONGEST_NAME : LONGEST_URI;
  const byKey = new Map<string, JsonObject>();
  for (const item of lists[method].items) {
    const key = keyOf(method, item);
    const isKept = key !== undefined && key !== "" && key.length <= limit && text(item, "name") !== undefined;
    if (isKept && byKey.size < MOST_ITEMS) byKey.set(key, item);
  }
  return byKey;
}

export async function offeredTools(offering: Pick<Offering, "lists">): Promise<OfferedTool[]> {
  return Promise.all(
    Array.from(keptItems(offering, "tools/list"), async ([name, definition]) => ({
      name,
      hash: await definitionHash(definition),
      definition,
    })),
  );
}

export function toolRow({ hash, definition }: Pick<OfferedTool, "hash" | "definition">) {
  return {
    ...common(definition),
    inputSchema: json(definition, "inputSchema") ?? { type: "object" },
    outputSchema: json(definition, "outputSchema"),
    annotations: json(definition, "annotations"),
    definitionHash: hash,
  };
}

export const promptRow = (item: JsonObject) => ({ ...common(item), arguments: objects(item, "arguments") });

export const resourceRow = (method: ListMethod, uriTemplate: string, item: JsonObject) => ({
  ...common(item),
  uriTemplate,
  isTemplate: method === "resources/templates/list",
  mimeType: text(item, "mimeType"),
  annotations: json(item, "annotations"),
});

function common(item: JsonObject) {
  return {
    name: (text(item, "name") ?? "").slice(0, LONGEST_NAME),
    title: text(item, "title"),
    description: text(item, "description"),
    icons: objects(item, "icons"),
    definition: { ...item },
  };
}

function text(item: JsonObject, member: string): string | undefined {
  const value = memberOf(item, member);
  return typeof value === "string" ? value : undefined;
}

function json(item: JsonObject, member: string): Record<string, unknown> | undefined {
  const value = memberOf(item, member);
  return isMembers(value) ? { ...value } : undefined;
}

function objects(item: JsonObject, member: string): Record<string, unknown>[] {
  const value = memberOf(item, member);
  return Array.isArray(value) ? value.filter(isMembers).map((object) => ({ ...object })) : [];
}
