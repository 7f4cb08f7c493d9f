/** Exports of traffic: rollups and request log of a tenant, and usage of all tenants for operators. */

import { Hono } from "hono";
import { z } from "zod";
import { alignToGrain } from "../../core/analytics/period.ts";
import { computeMetrics } from "../../core/analytics/traffic-metrics.ts";
import { DAY_MS } from "../../core/durations.ts";
import { exportRequests, type RequestCursor } from "../../db/queries/logs/requests.ts";
import {
  listDailyUsage,
  listRollups,
  type RollupCursor,
  type UsageCursor,
} from "../../db/queries/traffic/analytics.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { respondsFile } from "../http/responses.ts";
import { createRowFile, FILE_TYPES, fileQuery, ROWS_PER_PAGE } from "../http/streamed-files.ts";
import { query } from "../http/validate.ts";

const TYPES = Object.values(FILE_TYPES);

/** The last month unless a period is given. */
const monthOf = ({ from, to = new Date() }: { from?: Date | undefined; to?: Date | undefined }) => ({
  from: from ?? new Date(to.getTime() - 30 * DAY_MS),
  to,
});

const sumsQuery = fileQuery.extend({ grain: z.enum(["hour", "day"]).default("day") });

export const sumsFile = new Hono<AppEnv>().get(
  "/",
  requirePermission("analytics.export"),
  query(sumsQuery),
  respondsFile(
    TYPES,
    "Rollups of the last 30 days or the given period, one row per entry and hour or UTC day.",
  ),
  (c) => {
    const { format, grain, ...asked } = c.req.valid("query");
    const { tenantId } = c.var.principal;
    const db = c.var.services.database.withTenant(tenantId, "analytics");
    const period = alignToGrain(monthOf(asked), grain);
    return createRowFile({
      name: `usage-by-${grain}`,
      format,
      columns: [
        ...(["at", "kind", "dimension", "member", "requests", "errors", "errorRate"] as const),
        ...(["avgMs", "p50Ms", "p95Ms", "p99Ms", "requestBytes", "cost"] as const),
      ],
      async next(after: RollupCursor | undefined) {
        const rows = await listRollups(db, { ...period, tenantId, grain, after, limit: ROWS_PER_PAGE });
        return rows.map((row) => ({
          ...{ at: row.at, kind: row.kind, dimension: row.dimension, member: row.member },
          ...computeMetrics(row),
        }));
      },
    });
  },
);

export const requestsFile = new Hono<AppEnv>().get(
  "/",
  requirePermission("request-logs.export"),
  query(fileQuery),
  respondsFile(TYPES, "Requests of the last 30 days or the given period, newest first."),
  (c) => {
    const { format, ...asked } = c.req.valid("query");
    const { tenantId } = c.var.principal;
    const db = c.var.services.database.withTenant(tenantId, "analytics");
    const period = monthOf(asked);
    return createRowFile({
      name: "requests",
      format,
      columns: [
        ...([
          "requestTime",
          "id",
          "requestId",
          "clientRequestId",
          "traceId",
          "method",
          "path",
          "mcpMethod",
          "toolName",
        ] as const),
        ...([
          "targetServerId",
          "statusCode",
          "errorCode",
          "durationMs",
          "upstreamMs",
          "requestBytes",
        ] as const),
        ...(["userId", "apiKeyId", "clientName", "userAgent", "ipAddress", "country"] as const),
      ],
      next: (after: RequestCursor | undefined) =>
        exportRequests(db, tenantId, { ...period, after, limit: ROWS_PER_PAGE }),
    });
  },
);

/** Operators': under /system. */
export const billingFile = new Hono<AppEnv>().get(
  "/",
  requirePermission("system.read"),
  query(fileQuery),
  respondsFile(TYPES, "Usage of each tenant per UTC day, for the last 30 days or the given period."),
  (c) => {
    const { format, ...asked } = c.req.valid("query");
    const db = c.var.services.database.asSystem("analytics");
    const period = alignToGrain(monthOf(asked), "day");
    return createRowFile({
      name: "usage",
      format,
      columns: [
        ...(["at", "tenantId", "tenant", "calls", "callErrors"] as const),
        ...(["mcpRequests", "restRequests", "pageRequests", "requestBytes", "users", "cost"] as const),
      ],
      next: (after: UsageCursor | undefined) =>
        listDailyUsage(db, { ...period, after, limit: ROWS_PER_PAGE }),
    });
  },
);
