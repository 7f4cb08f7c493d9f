/** The catalogue's memory of what servers offer, read and written in one round trip each. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { isMembers, memberOf } from "../../core/mcp/json-text.ts";
import { keyOf, type ListMethod } from "../../core/mcp/lists.ts";
import type { ListPart } from "../../core/mcp/merge.ts";
import { isModernRevision, LATEST_LEGACY, LATEST_MODERN } from "../../core/mcp/revisions.ts";
import type { Database } from "../../db/client.ts";
import * as queries from "../../db/queries/offers.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { Offer } from "./offers.ts";

export async function recallOffers(
  database: Database,
  tenantId: string,
  servers: readonly SnapshotServer[],
): Promise<readonly Offer[]> {
  const ids = servers.map(({ id }) => id);
  const db = database.withTenant(tenantId, "read");
  const [heard, tools, prompts, resources] = await db.batch([
    queries.heardServers(db, tenantId, ids),
    queries.heardTools(db, tenantId, ids),
    queries.heardPrompts(db, tenantId, ids),
    queries.heardResources(db, tenantId, ids),
  ]);
  const toolsOf = definitionsBy(tools);
  const promptsOf = definitionsBy(prompts);
  const resourcesOf = definitionsBy(resources.filter(({ isTemplate }) => !isTemplate));
  const templatesOf = definitionsBy(resources.filter(({ isTemplate }) => isTemplate));
  const byId = new Map(heard.map((row) => [row.serverId, row]));
  return servers.flatMap((server) => {
    const known = byId.get(server.id);
    if (known === undefined) return [];
    return {
      server,
      era: isModernRevision(known.protocolVersion ?? "") ? ("modern" as const) : ("legacy" as const),
      capabilities: known.capabilities,
      instructions: known.instructions ?? undefined,
      lists: {
        "tools/list": toolsOf(server.id),
        "prompts/list": promptsOf(server.id),
        "resources/list": resourcesOf(server.id),
        "resources/templates/list": templatesOf(server.id),
      },
      isStale: true,
    };
  });
}

interface Defined {
  readonly serverId: string;
  readonly definition: JsonObject | null;
}

function definitionsBy(rows: readonly Defined[]): (serverId: string) => ListPart {
  const byServer = Map.groupBy(rows, ({ serverId }) => serverId);
  return (serverId) => ({
    items: (byServer.get(serverId) ?? []).flatMap(({ definition }) =>
      definition === null ? [] : [definition],
    ),
  });
}

export async function rememberOffer(database: Database, tenantId: string, offer: Offer): Promise<void> {
  const db = database.withTenant(tenantId);
  const of = { tenantId, serverId: offer.server.id };
  const tools = named(offer, "tools/list").map((item) => ({
    ...common(item),
    inputSchema: json(item, "inputSchema") ?? { type: "object" },
    outputSchema: json(item, "outputSchema"),
    annotations: json(item, "annotations"),
  }));
  const prompts = named(offer, "prompts/list").map((item) => ({
    ...common(item),
    arguments: objects(item, "arguments"),
  }));
  const resources = (["resources/list", "resources/templates/list"] as const).flatMap((method) =>
    named(offer, method).map((item) => ({
      ...common(item),
      uriTemplate: keyOf(method, item) ?? "",
      isTemplate: method === "resources/templates/list",
      mimeType: text(item, "mimeType"),
      annotations: json(item, "annotations"),
    })),
  );
  await db.batch([
    queries.keepHeardServer(db, of, {
      capabilities: { ...offer.capabilities },
      instructions: offer.instructions ?? null,
      protocolVersion: offer.era === "modern" ? LATEST_MODERN : LATEST_LEGACY,
    }),
    queries.dropOtherTools(
      db,
      of,
      tools.map(({ name }) => name),
    ),
    queries.dropOtherPrompts(
      db,
      of,
      prompts.map(({ name }) => name),
    ),
    queries.dropOtherResources(
      db,
      of,
      resources.map(({ uriTemplate }) => uriTemplate),
    ),
    ...chunks(tools).map((rows) => queries.keepTools(db, of, rows)),
    ...chunks(prompts).map((rows) => queries.keepPrompts(db, of, rows)),
    ...chunks(resources).map((rows) => queries.keepResources(db, of, rows)),
  ]);
}

/** A statement takes 65,535 parameters. */
const ROWS_AT_ONCE = 1000;

function chunks<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS_AT_ONCE) }, (_, index) =>
    rows.slice(index * ROWS_AT_ONCE, (index + 1) * ROWS_AT_ONCE),
  );
}

/** As long as the columns take them; each name once. */
function named(offer: Offer, method: ListMethod): readonly JsonObject[] {
  const limit = method === "tools/list" || method === "prompts/list" ? 255 : 2000;
  const byKey = new Map<string, JsonObject>();
  for (const item of offer.lists[method].items) {
    const key = keyOf(method, item);
    const name = text(item, "name");
    if (key !== undefined && key !== "" && key.length <= limit && name !== undefined) byKey.set(key, item);
  }
  return [...byKey.values()];
}

function common(item: JsonObject) {
  return {
    name: (text(item, "name") ?? "").slice(0, 255),
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
