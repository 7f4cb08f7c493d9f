/** Which servers offer a tool of the same name, and how well: what routing rules and failover can choose from. */
import { Hono } from "hono";
import { z } from "zod";
import { HEALTH_STATUSES } from "../../core/enums.ts";
import { NotFoundError } from "../../core/errors.ts";
import { findToolServers, rankToolProviders } from "../../db/queries/servers/catalog.ts";
import { findTool } from "../../db/queries/servers/inventory.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { idParam } from "../http/id-param.ts";
import { respondsPage } from "../http/responses.ts";
import { params } from "../http/validate.ts";
import { loadVisibility } from "./visible.ts";

const shape = z.object({
  serverId: z.uuid(),
  toolId: z.uuid(),
  isSameDefinition: z.boolean().describe("Whether the definition is identical to the requested tool's."),
  rank: z
    .number()
    .int()
    .nullable()
    .describe("1: most successes. Null: no calls yet, or the server is not healthy."),
  healthStatus: z.enum(HEALTH_STATUSES).nullable(),
  successCount: z.number().int(),
  totalCalls: z.number().int(),
  avgExecutionTime: z.number().nullable(),
});

export const providers = new Hono<AppEnv>().get(
  "/:id/providers",
  requirePermission("tools.read"),
  params(idParam),
  respondsPage(shape, "Servers with a tool of this name, best first."),
  async (c) => {
    const { db, principal } = c.var;
    const { tenantId } = principal;
    const [tool] = await findTool(db, tenantId, c.req.valid("param").id);
    if (tool === undefined) throw new NotFoundError("Tool not found.");
    const [all, ranking] = await db.batch([
      findToolServers(db, tenantId, tool.name),
      rankToolProviders(db, tenantId, tool.name),
    ]);
    const allows = await loadVisibility(c);
    const servers = all.filter(({ serverId, annotations }) =>
      allows("tool", serverId, tool.name, { readOnlyHint: annotations?.readOnlyHint === true }),
    );
    if (!servers.some(({ serverId }) => serverId === tool.serverId))
      throw new NotFoundError("Tool not found.");
    const ranks = new Map(ranking.map((each, index) => [each.serverId, { ...each, rank: index + 1 }]));
    const items = servers
      .map(({ serverId, toolId, definitionHash }) => {
        const ranked = ranks.get(serverId);
        return {
          ...{ serverId, toolId, isSameDefinition: definitionHash === tool.hash, rank: ranked?.rank ?? null },
          healthStatus: ranked?.healthStatus ?? null,
          successCount: ranked?.successCount ?? 0,
          totalCalls: ranked?.totalCalls ?? 0,
          avgExecutionTime: ranked?.avgExecutionTime ?? null,
        };
      })
      .sort((one, other) => (one.rank ?? Number.MAX_SAFE_INTEGER) - (other.rank ?? Number.MAX_SAFE_INTEGER));
    return c.json({ items, nextCursor: null });
  },
);
