/** Toolsets: besides the five routes, what clients of one that is not saved yet would see. */
import { Hono } from "hono";
import { z } from "zod";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { LIST_METHODS, type ListMethod } from "../../core/mcp/list-edit.ts";
import type { CuttableInventory } from "../../core/toolsets/catalog-cut.ts";
import { previewToolset } from "../../core/toolsets/preview-toolset.ts";
import { TOOLSET_KINDS } from "../../core/toolsets/toolset.ts";
import type { Db } from "../../db/client.ts";
import {
  listActiveServers,
  loadPrompts,
  loadResources,
  loadTools,
} from "../../db/queries/servers/inventory.ts";
import { findTenant } from "../../db/queries/tenants/tenants.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { parseNaming } from "../../policy/naming-settings.ts";
import { toolsetMembers, toolsetOverrides } from "../../policy/toolsets.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import { collection } from "../resource/routes.ts";
import type { ResourceScope } from "../resource/scope.ts";
import { toolsets as kind } from "../resources/toolsets.ts";

const request = z
  .strictObject({ members: toolsetMembers, overrides: toolsetOverrides.default([]) })
  .meta({ examples: [{ members: [{ kind: "tool", pattern: "search_*" }] }] });

const shape = z
  .object({
    items: z.array(
      z.object({
        kind: z.enum(TOOLSET_KINDS),
        server: z.string(),
        name: z.string().describe("The name that the server uses, or the URI of a resource."),
        exposed: z.string().nullable().describe("The name that clients use. Null: another item has it."),
        title: z.string().nullable(),
        description: z.string().nullable(),
        parameters: z.array(z.string()).describe("Those that clients can set."),
      }),
    ),
    problems: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .describe("Members that match nothing and overrides that do not fit the stored definitions."),
  })
  .meta({ id: "ToolsetPreview" });

export const createToolsetRoutes = (reach: ResourceScope) =>
  new Hono<AppEnv>()
    .post(
      "/preview",
      requirePermission("toolsets.read"),
      body(request),
      responds(shape, "What a member with access to all items would see, by the stored inventories."),
      async (c) => {
        const { db, principal } = c.var;
        const toolset = c.req.valid("json");
        const [inventories, [tenant]] = await Promise.all([
          loadInventories(db, principal.tenantId),
          findTenant(db, principal.tenantId),
        ]);
        const { items, problems } = previewToolset(toolset, inventories, parseNaming(tenant?.settings ?? {}));
        return c.json({
          items: items.map(({ exposed, title, description, parameters, ...item }) => ({
            ...item,
            exposed: exposed ?? null,
            title: title ?? null,
            description: description ?? null,
            parameters: [...parameters],
          })),
          problems: [...problems],
        });
      },
    )
    .route("/", collection(kind, reach));

/** The stored inventories of the active servers. */
async function loadInventories(db: Db, tenantId: string): Promise<CuttableInventory[]> {
  const servers = await listActiveServers(db, tenantId);
  const ids = servers.map(({ id }) => id);
  if (ids.length === 0) return [];
  const [tools, prompts, resources] = await db.batch([
    loadTools(db, tenantId, ids),
    loadPrompts(db, tenantId, ids),
    loadResources(db, tenantId, ids),
  ]);
  const rows: Record<ListMethod, readonly StoredItem[]> = {
    "tools/list": tools,
    "prompts/list": prompts,
    "resources/list": resources.filter(({ isTemplate }) => !isTemplate),
    "resources/templates/list": resources.filter(({ isTemplate }) => isTemplate),
  };
  const byServer = new Map(
    LIST_METHODS.map((method) => [method, Map.groupBy(rows[method], ({ serverId }) => serverId)]),
  );
  const list = (method: ListMethod, id: string) => ({
    items: (byServer.get(method)?.get(id) ?? []).flatMap(({ definition }) =>
      definition === null ? [] : [definition],
    ),
  });
  return servers.map((server) => ({
    server,
    capabilities: {},
    lists: {
      "tools/list": list("tools/list", server.id),
      "prompts/list": list("prompts/list", server.id),
      "resources/list": list("resources/list", server.id),
      "resources/templates/list": list("resources/templates/list", server.id),
    },
  }));
}

interface StoredItem {
  readonly serverId: string;
  readonly definition: JsonObject | null;
}
