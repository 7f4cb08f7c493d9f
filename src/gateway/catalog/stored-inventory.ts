/** Loads the stored inventories of servers in one round trip. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import type { ListPart } from "../../core/mcp/merge-lists.ts";
import { isModernRevision } from "../../core/mcp/revisions.ts";
import type { Database } from "../../db/client.ts";
import * as queries from "../../db/queries/servers/inventory.ts";
import type { SnapshotServer } from "../../policy/snapshot.ts";
import type { ServerInventory } from "./inventory-cache.ts";

export async function loadStoredInventories(
  database: Database,
  tenantId: string,
  servers: readonly SnapshotServer[],
): Promise<readonly ServerInventory[]> {
  const ids = servers.map(({ id }) => id);
  const db = database.withTenant(tenantId, "read");
  const [stored, tools, prompts, resources] = await db.batch([
    queries.loadInventories(db, tenantId, ids),
    queries.loadTools(db, tenantId, ids),
    queries.loadPrompts(db, tenantId, ids),
    queries.loadResources(db, tenantId, ids),
  ]);
  const toolsOf = groupDefinitions(tools);
  const hashesOf = Map.groupBy(tools, ({ serverId }) => serverId);
  const promptsOf = groupDefinitions(prompts);
  const resourcesOf = groupDefinitions(resources.filter(({ isTemplate }) => !isTemplate));
  const templatesOf = groupDefinitions(resources.filter(({ isTemplate }) => isTemplate));
  const byId = new Map(stored.map((row) => [row.serverId, row]));
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
      hashes: new Map(
        (hashesOf.get(server.id) ?? []).flatMap(({ name, hash }) => (hash === null ? [] : [[name, hash]])),
      ),
      isStale: true,
    };
  });
}

interface StoredDefinition {
  readonly serverId: string;
  readonly definition: JsonObject | null;
}

function groupDefinitions(rows: readonly StoredDefinition[]): (serverId: string) => ListPart {
  const byServer = Map.groupBy(rows, ({ serverId }) => serverId);
  return (serverId) => ({
    items: (byServer.get(serverId) ?? []).flatMap(({ definition }) =>
      definition === null ? [] : [definition],
    ),
  });
}
