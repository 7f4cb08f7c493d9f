/** The queues in front of servers at their concurrency limit, as the tenant's object has them. */
import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { respondsPage } from "../http/responses.ts";

const observedShape = z.object({
  serverId: z.uuid(),
  depth: z.number().int().describe("Calls that wait now."),
  oldestWaitMs: z.number().int(),
  totalQueued: z.number().int().describe("Calls that had to wait."),
  totalRejected: z.number().int().describe("Calls that were rejected, at once or after waiting."),
  observedAt: z.iso.datetime(),
});

export const observedQueues = new Hono<AppEnv>().get(
  "/observed",
  requirePermission("request-queues.list"),
  respondsPage(observedShape, "Observed queues, deepest first."),
  async (c) => {
    const { services, principal } = c.var;
    const queues = await services.tenantObject(principal.tenantId).listQueues();
    const items = queues.map(({ serverId, depth, oldestWaitMs, queued, rejected, observedAt }) => ({
      ...{ serverId, depth, oldestWaitMs, totalQueued: queued, totalRejected: rejected },
      observedAt: new Date(observedAt).toISOString(),
    }));
    return c.json({ items, nextCursor: null });
  },
);
