/** What a server lists, as the catalogue's tables keep it. */

import { hashDefinition } from "../core/discovery/definition-hash.ts";
import type { DiscoveredTool } from "../core/discovery/tool-drift.ts";
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import { itemKey, type ListMethod } from "../core/mcp/list-edit.ts";
import { getMember, isMembers } from "../core/mcp/lossless-json.ts";
import { toPostgresValue } from "../core/postgres-text.ts";
import { MAX_STORED_DEFINITION_LENGTH } from "../core/size-limits.ts";
import type { Offering } from "../upstream/ask.ts";

const LONGEST_NAME = 255;
const LONGEST_URI = 2000;
/** Of what is searched for; the definition has the whole. */
const LONGEST_TITLE = 1000;
const LONGEST_DESCRIPTION = 20_000;

/** As long as the columns take them; each name once, the last of a name as a client would have it. */
export function keptItems(
  { lists }: Pick<Offering, "lists">,
  method: ListMethod,
): ReadonlyMap<string, JsonObject> {
  const limit = method === "tools/list" || method === "prompts/list" ? LONGEST_NAME : LONGEST_URI;
  const byKey = new Map<string, JsonObject>();
  for (const item of lists[method].items) {
    const key = itemKey(method, item);
    const isKept = key !== undefined && key !== "" && key.length <= limit && text(item, "name") !== undefined;
    if (isKept) byKey.set(key, item);
  }
  return byKey;
}

export async function offeredTools(offering: Pick<Offering, "lists">): Promise<DiscoveredTool[]> {
  return Promise.all(
    Array.from(keptItems(offering, "tools/list"), async ([name, definition]) => ({
      name,
      hash: await hashDefinition(definition),
      definition: storedDefinition(definition),
    })),
  );
}

export function toolRow({ hash, definition }: Pick<DiscoveredTool, "hash" | "definition">) {
  return {
    ...common(definition),
    inputSchema: json(definition, "inputSchema") ?? { type: "object" },
    outputSchema: json(definition, "outputSchema"),
    annotations: json(definition, "annotations"),
    definitionHash: hash,
  };
}

export const promptRow = (item: JsonObject) => ({
  ...common(item),
  arguments: objects(storedDefinition(item), "arguments"),
});

export const resourceRow = (method: ListMethod, uriTemplate: string, given: JsonObject) => {
  const item = storedDefinition(given);
  return {
    ...common(item),
    uriTemplate,
    isTemplate: method === "resources/templates/list",
    mimeType: text(item, "mimeType"),
    annotations: json(item, "annotations"),
  };
};

function common(given: JsonObject) {
  const item = storedDefinition(given);
  return {
    name: cut(text(item, "name"), LONGEST_NAME) ?? "",
    title: cut(text(item, "title"), LONGEST_TITLE),
    description: cut(text(item, "description"), LONGEST_DESCRIPTION),
    icons: objects(item, "icons"),
    definition: { ...item },
  };
}

const stored = new WeakMap<JsonObject, JsonObject>();

/**
 * A definition as the database takes it: without what Postgres cannot hold, and of one that is too large what a person
 * needs to recognize it. One item that cannot be kept must not keep the others from being judged.
 */
export function storedDefinition(item: JsonObject): JsonObject {
  const known = stored.get(item);
  if (known !== undefined) return known;
  const clean = toPostgresValue(item);
  const whole = isMembers(clean) ? clean : {};
  const kept = JSON.stringify(whole).length > MAX_STORED_DEFINITION_LENGTH ? summaryOf(whole) : whole;
  stored.set(item, kept);
  stored.set(kept, kept);
  return kept;
}

function summaryOf(item: JsonObject): JsonObject {
  const keys = ["name", "uri", "uriTemplate", "title"].flatMap((member) => {
    const value = text(item, member);
    return value === undefined ? [] : [[member, cut(value, LONGEST_URI)] as const];
  });
  const description = cut(text(item, "description"), LONGEST_DESCRIPTION);
  return {
    ...Object.fromEntries(keys),
    description: `${description ?? ""} (The definition is larger than ${MAX_STORED_DEFINITION_LENGTH} characters; this is its beginning.)`,
  };
}

/** Never in the middle of a character. */
const cut = (value: string | undefined, length: number) =>
  value === undefined || value.length <= length ? value : value.slice(0, length).toWellFormed();

function text(item: JsonObject, member: string): string | undefined {
  const value = getMember(item, member);
  return typeof value === "string" ? value : undefined;
}

function json(item: JsonObject, member: string): Record<string, unknown> | undefined {
  const value = getMember(item, member);
  return isMembers(value) ? { ...value } : undefined;
}

function objects(item: JsonObject, member: string): Record<string, unknown>[] {
  const value = getMember(item, member);
  return Array.isArray(value) ? value.filter(isMembers).map((object) => ({ ...object })) : [];
}
