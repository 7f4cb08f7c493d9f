/** What the catalogue remembers of what servers offer, in one round trip. */
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import type { ListPart } from "../../core/mcp/merge-lists.ts";
import { isModernRevision } from "../../core/mcp/revisions.ts";
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
  const hashesOf = Map.groupBy(tools, ({ serverId }) => serverId);
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
      hashes: new Map(
        (hashesOf.get(server.id) ?? []).flatMap(({ name, hash }) => (hash === null ? [] : [[name, hash]])),
      ),
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
