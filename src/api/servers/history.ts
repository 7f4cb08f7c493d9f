/** How a server has been doing. */
import { eq } from "drizzle-orm";
import { Hono } from "hono";
import { z } from "zod";
import { DAY_MS } from "../../core/durations.ts";
import { listSlowestServerRequests, loadServerLatency } from "../../db/queries/logs/requests.ts";
import { serverHealthChecks, serverMetrics } from "../../db/schema/registry.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { idParam } from "../http/id-param.ts";
import { respondsPage } from "../http/responses.ts";
import { moment } from "../http/times.ts";
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

const requestPeriod = z.object({
  from: moment.optional().meta({ description: "Default: 24 hours before the end." }),
  to: moment.optional().meta({ description: "Exclusive end. Default: now." }),
});
const latencyShape = z.object({
  statusCode: z.number().int(),
  requests: z.number().int(),
  avgMs: z.number().nullable(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
});
const slowRequestShape = z.object({
  id: z.uuid(),
  requestTime: z.iso.datetime(),
  path: z.string(),
  mcpMethod: z.string().nullable(),
  toolName: z.string().nullable(),
  statusCode: z.number().int(),
  durationMs: z.number(),
  requestId: z.string().nullable(),
});

function toPeriod({ from, to = new Date() }: z.output<typeof requestPeriod>) {
  return { from: from ?? new Date(to.getTime() - DAY_MS), to };
}

const requestHistory = new Hono<AppEnv>()
  .get(
    "/:id/latency",
    requirePermission("servers.metrics"),
    params(idParam),
    query(requestPeriod),
    respondsPage(latencyShape, "Latency of the server's requests, by HTTP status."),
    async (c) => {
      const { id } = await requireServer(c, c.req.valid("param").id);
      const { db, principal } = c.var;
      const items = await loadServerLatency(db, principal.tenantId, id, toPeriod(c.req.valid("query")));
      return c.json({ items, nextCursor: null });
    },
  )
  .get(
    "/:id/slowest-requests",
    requirePermission("servers.metrics"),
    params(idParam),
    query(requestPeriod.extend({ limit: z.coerce.number().int().min(1).max(200).default(20) })),
    respondsPage(slowRequestShape, "Slowest requests of the server."),
    async (c) => {
      const { id } = await requireServer(c, c.req.valid("param").id);
      const { limit, ...period } = c.req.valid("query");
      const asked = { ...toPeriod(period), limit };
      const items = await listSlowestServerRequests(c.var.db, c.var.principal.tenantId, id, asked);
      return c.json({ items, nextCursor: null });
    },
  );

export const history = new Hono<AppEnv>()
  .route("/", requestHistory)
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
