/** The server/discover result of the aggregated endpoint. */
import { mergeCapabilities } from "../../core/mcp/capabilities.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { mapMember, mapObject } from "../../core/mcp/lossless-json.ts";
import { mergeInstructions } from "../../core/mcp/merge-lists.ts";
import { META, MODERN_REVISIONS, TASKS_EXTENSION } from "../../core/mcp/revisions.ts";
import type { CatalogScope, CatalogView } from "../catalog/catalog.ts";
import type { ServerInventory } from "../catalog/inventory-cache.ts";
import type { McpContext } from "../context/context.ts";
import { serverInfo } from "../context/server-info.ts";

/** Servers are added and removed: clients may cache this for no longer than a list. */
const TTL_MS = 60_000;

export function buildDiscoverResult(
  { tables, gaps }: CatalogView,
  scope: CatalogScope,
  context: McpContext,
): JsonObject {
  const seen = filterVisible(tables.inventories, context);
  const instructions = mergeServerInstructions(seen, scope, context);
  return {
    resultType: "complete",
    supportedVersions: [...MODERN_REVISIONS],
    capabilities: modernCapabilities(seen),
    ...(instructions !== undefined && { instructions }),
    ttlMs: gaps.length === 0 ? TTL_MS : 0,
    cacheScope: context.access.isPersonal ? "private" : "public",
    _meta: { [META.serverInfo]: serverInfo(context.tenant, scope.toolset) },
  };
}

export function filterVisible(
  offers: readonly ServerInventory[],
  { access }: McpContext,
): readonly ServerInventory[] {
  return offers.filter(({ server }) => access.allows("server", server.id, server.name));
}

/** The tenant's instructions, followed by those of the toolset or else of each server. */
export function mergeServerInstructions(
  offers: readonly ServerInventory[],
  { toolset }: CatalogScope,
  { tenant }: McpContext,
): string | undefined {
  const own = tenant.settings["mcp.instructions"].trim();
  const theirs = toolset?.instructions ?? listInstructions(offers);
  return own === "" ? theirs : theirs === undefined ? own : `${own}\n\n${theirs}`;
}

function listInstructions(offers: readonly ServerInventory[]): string | undefined {
  const [only] = offers;
  // A server that stands alone needs no heading.
  if (offers.length === 1) return only?.instructions;
  return mergeInstructions(
    offers.map(({ server, instructions }) => ({ title: server.title ?? server.name, text: instructions })),
  );
}

/** The tasks of 2025-11-25 have another shape, and only a session of that era can carry them. */
function modernCapabilities(offers: readonly ServerInventory[]): JsonObject {
  return mergeCapabilities(
    offers.map(({ era, capabilities }) => (era === "modern" ? capabilities : omit(capabilities, "tasks"))),
  );
}

/** The tasks extension is of the modern era; other extensions work in either. */
export function legacyCapabilities(offers: readonly ServerInventory[]): JsonObject {
  return mergeCapabilities(
    offers.map(({ era, capabilities }) =>
      era === "legacy"
        ? omit(capabilities, "tasks")
        : {
            ...mapObject(capabilities, "extensions", (extensions) =>
              mapMember(extensions, TASKS_EXTENSION, () => undefined),
            ),
            logging: {},
          },
    ),
  );
}

function omit(capabilities: JsonObject, member: string): JsonObject {
  const { [member]: _, ...rest } = capabilities;
  return rest;
}
