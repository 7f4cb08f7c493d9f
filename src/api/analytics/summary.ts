/** The reports that the database itself makes, for a tenant; an operator with psql reads the same ones. */
import { Hono } from "hono";
import { z } from "zod";
import {
  getPerformanceMonitoring,
  getRequestPerformanceSummary,
  getServerHealthSummary,
  getTenantUsageSummary,
} from "../../db/queries/traffic/reports.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds } from "../http/responses.ts";
import { query } from "../http/validate.ts";

const count = z.number().int();
const value = z.number().nullable();

const summaryQuery = z.object({ hours: z.coerce.number().int().min(1).max(720).default(24) });

const shape = z.object({
  hours: count,
  servers: z.object({
    totalServers: count,
    healthyServers: count,
    unhealthyServers: count,
    degradedServers: count,
    avgResponseTime: value,
  }),
  requests: z.object({
    totalRequests: count,
    successfulRequests: count,
    errorRequests: count,
    avgDurationMs: value,
    p50DurationMs: value,
    p95DurationMs: value,
    p99DurationMs: value,
  }),
  usage: z.object({ totalRequests: count, uniqueUsers: count, avgDurationMs: value, errorRate: z.number() }),
  monitoring: z.array(
    z.object({
      metric: z.enum(["servers", "requests_last_hour"]),
      total: count,
      healthy: count,
      avgResponseTimeMs: value,
      successRate: value,
    }),
  ),
});

export const summary = new Hono<AppEnv>().get(
  "/",
  requirePermission("analytics.read"),
  query(summaryQuery),
  responds(shape, "Results of get_server_health_summary() and related functions, computed from the log."),
  async (c) => {
    const { hours } = c.req.valid("query");
    const { tenantId } = c.var.principal;
    const db = c.var.services.database.withTenant(tenantId, "analytics");
    const [[servers], [requests], [usage], monitoring] = await db.batch([
      getServerHealthSummary(db),
      getRequestPerformanceSummary(db, hours),
      getTenantUsageSummary(db, tenantId, hours),
      getPerformanceMonitoring(db),
    ]);
    return c.json({ hours, servers, requests, usage, monitoring });
  },
);
