/** How a server has been doing. */
import { eq } from "drizzle-orm";
import { Hono } from "hono";
import { serverHealthChecks, serverMetrics } from "../../db/schema/registry.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { idParam } from "../http/id-param.ts";
import { respondsPage } from "../http/responses.ts";
import { params, query } from "../http/validate.ts";
import { createTimeline } from "../logs/timeline.ts";
import { requireServer } from "./show.ts";

const metrics = createTimeline({
  table: serverMetrics,
  time: "timestamp",
  least: { minErrorRate: "errorRate", minResponseTimeMs: "responseTimeMs" },
});

const checks = createTimeline({
  table: serverHealthChecks,
  time: "checkedAt",
  filters: ["status", "errorCode"],
});

export const history = new Hono<AppEnv>()
  .get(
    "/:id/metrics",
    requirePermission("servers.metrics"),
    params(idParam),
    query(metrics.query),
    respondsPage(metrics.shape, "Metrics, newest first."),
    async (c) => {
      const { id } = await requireServer(c, c.req.valid("param").id);
      return c.json(await metrics.list(c, c.req.valid("query"), eq(serverMetrics.serverId, id)));
    },
  )
  .get(
    "/:id/health-checks",
    requirePermission("servers.health"),
    params(idParam),
    query(checks.query),
    respondsPage(checks.shape, "Health checks, newest first."),
    async (c) => {
      const { id } = await requireServer(c, c.req.valid("param").id);
      return c.json(await checks.list(c, c.req.valid("query"), eq(serverHealthChecks.serverId, id)));
    },
  );
