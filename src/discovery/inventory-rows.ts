/** Converts an inventory to the rows of the tables. */
import { hashDefinition } from "../core/discovery/definition-hash.ts";
import type { DiscoveredTool } from "../core/discovery/tool-drift.ts";
import type { AccessPattern } from "../core/enums.ts";
import { declaredCost } from "../core/limits/declared-cost.ts";
import type { JsonObject } from "../core/mcp/json-rpc.ts";
import { itemKey, type ListMethod } from "../core/mcp/list-edit.ts";
import { getMember, getNumber, isMembers } from "../core/mcp/lossless-json.ts";
import { toPostgresValue } from "../core/postgres-text.ts";
import { MAX_STORED_DEFINITION_LENGTH } from "../core/size-limits.ts";
import type { FetchedInventory } from "../upstream/fetch-inventory.ts";

const MAX_NAME_LENGTH = 255;
const MAX_URI_LENGTH = 2000;
/** Of what is searched for; the definition has the whole. */
const MAX_TITLE_LENGTH = 1000;
const MAX_DESCRIPTION_LENGTH = 20_000;

/** As long as the columns take them; each name once, the last of a name as a client would have it. */
export function listStorableItems(
  { lists }: Pick<FetchedInventory, "lists">,
  method: ListMethod,
): ReadonlyMap<string, JsonObject> {
  const limit = method === "tools/list" || method === "prompts/list" ? MAX_NAME_LENGTH : MAX_URI_LENGTH;
  const byKey = new Map<string, JsonObject>();
  for (const item of lists[method].items) {
    const key = itemKey(method, item);
    const isKept = key !== undefined && key !== "" && key.length <= limit && text(item, "name") !== undefined;
    if (isKept) byKey.set(key, item);
  }
  return byKey;
}

export async function listDiscoveredTools(
  inventory: Pick<FetchedInventory, "lists">,
): Promise<DiscoveredTool[]> {
  return Promise.all(
    Array.from(listStorableItems(inventory, "tools/list"), async ([name, definition]) => ({
      name,
      hash: await hashDefinition(definition),
      definition: storedDefinition(definition),
    })),
  );
}

export function toToolRow({ hash, definition }: Pick<DiscoveredTool, "hash" | "definition">) {
  return {
    ...common(definition),
    inputSchema: json(definition, "inputSchema") ?? { type: "object" },
    outputSchema: json(definition, "outputSchema"),
    annotations: json(definition, "annotations"),
    declaredCost: declaredCost(getMember(definition, "_meta"), getMember(definition, "annotations")) ?? null,
    definitionHash: hash,
  };
}

export const toPromptRow = (item: JsonObject) => ({
  ...common(item),
  arguments: objects(storedDefinition(item), "arguments"),
});

export function toResourceRow(
  method: ListMethod,
  uriTemplate: string,
  given: JsonObject,
  capabilities: JsonObject,
) {
  const item = storedDefinition(given);
  const isTemplate = method === "resources/templates/list";
  return {
    ...common(item),
    uriTemplate,
    isTemplate,
    accessPattern: accessPattern(isTemplate, capabilities),
    size: sizeInBytes(given),
    mimeType: text(item, "mimeType"),
    annotations: json(item, "annotations"),
  };
}

/** A server that sends updates of resources sends them for listed resources, of which the URI is known. */
function accessPattern(isTemplate: boolean, capabilities: JsonObject): AccessPattern {
  if (isTemplate) return "template";
  const resources = getMember(capabilities, "resources");
  return isMembers(resources) && getMember(resources, "subscribe") === true ? "subscribe" : "read";
}

function sizeInBytes(item: JsonObject): number | null {
  const size = getNumber(getMember(item, "size"));
  return size !== undefined && Number.isSafeInteger(size) && size >= 0 ? size : null;
}

function common(given: JsonObject) {
  const item = storedDefinition(given);
  return {
    name: cut(text(item, "name"), MAX_NAME_LENGTH) ?? "",
    title: cut(text(item, "title"), MAX_TITLE_LENGTH),
    description: cut(text(item, "description"), MAX_DESCRIPTION_LENGTH),
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
  const kept = JSON.stringify(whole).length > MAX_STORED_DEFINITION_LENGTH ? summarize(whole) : whole;
  stored.set(item, kept);
  stored.set(kept, kept);
  return kept;
}

function summarize(item: JsonObject): JsonObject {
  const keys = ["name", "uri", "uriTemplate", "title"].flatMap((member) => {
    const value = text(item, member);
    return value === undefined ? [] : [[member, cut(value, MAX_URI_LENGTH)] as const];
  });
  const description = cut(text(item, "description"), MAX_DESCRIPTION_LENGTH);
  return {
    ...Object.fromEntries(keys),
    description: `${description ?? ""} (Truncated: the definition is larger than ${MAX_STORED_DEFINITION_LENGTH} characters.)`,
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
