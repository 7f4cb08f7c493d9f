/** The records of the tenant: who did what, what was called, what failed, what looked like an attack. */
import { and, eq, isNotNull, or, type SQL, sql } from "drizzle-orm";
import { Hono } from "hono";
import { z } from "zod";
import type { Permission } from "../../core/access/permissions.ts";
import { TRAFFIC_KINDS, type TrafficKind } from "../../core/analytics/dimensions.ts";
import { REQUEST_OUTCOMES } from "../../core/analytics/request-outcome.ts";
import { DAY_MS } from "../../core/durations.ts";
import { listSlowestMcpCalls } from "../../db/queries/logs/audit.ts";
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import {
  auditLogs,
  errorLogs,
  mcpAuditLogs,
  requestLogs,
  securityEvents,
  systemEvents,
} from "../../db/schema/logs.ts";
import { connectionPools } from "../../db/schema/traffic.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { respondsPage } from "../http/responses.ts";
import { pickFields } from "../http/sorted-lists.ts";
import { moment } from "../http/times.ts";
import { query } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

const records = (action: Permission, says: string, timeline: Timeline) =>
  new Hono<AppEnv>().get(
    "/",
    requirePermission(action),
    query(timeline.query),
    respondsPage(timeline.shape, says),
    async (c) => c.json(await timeline.list(c, c.req.valid("query"))),
  );

/** The columns: actor, action, time, resource and success. */
export const auditLog = records(
  "audit-logs.list",
  "Audit log entries, newest first.",
  createTimeline({
    table: auditLogs,
    time: "timestamp",
    filters: [
      "id",
      "userId",
      "apiKeyId",
      "impersonatorId",
      "action",
      "resourceType",
      "resourceId",
      "success",
      "ipAddress",
      "requestId",
    ],
  }),
);

const mcpOperations = createTimeline({
  table: mcpAuditLogs,
  time: "timestamp",
  filters: ["userId", "apiKeyId", "method", "target", "serverId", "success", "requestId"],
  least: { minDurationMs: "durationMs" },
});

export const mcpAuditLog = records(
  "mcp-audit-logs.list",
  "MCP audit log entries, newest first.",
  mcpOperations,
).get(
  "/slowest",
  requirePermission("mcp-audit-logs.list"),
  query(
    z.object({
      from: moment.optional().meta({ description: "Default: 24 hours before the end." }),
      to: moment.optional().meta({ description: "Exclusive end. Default: now." }),
      limit: z.coerce.number().int().min(1).max(200).default(20),
    }),
  ),
  respondsPage(mcpOperations.shape, "Slowest MCP operations of a period."),
  async (c) => {
    const { from, to = new Date(), limit } = c.req.valid("query");
    const period = { from: from ?? new Date(to.getTime() - DAY_MS), to };
    const rows = await listSlowestMcpCalls(c.var.db, c.var.principal.tenantId, { ...period, limit });
    const members = Object.keys(mcpOperations.shape.shape);
    return c.json({ items: rows.map((row) => pickFields(row, members)), nextCursor: null });
  },
);

const requests = createTimeline({
  table: requestLogs,
  time: "requestTime",
  filters: [
    "id",
    "userId",
    "apiKeyId",
    "targetServerId",
    "method",
    "path",
    "mcpMethod",
    "toolName",
    "clientName",
    "ipAddress",
    "errorCode",
    "traceId",
  ],
  least: { minStatus: "statusCode", minDurationMs: "durationMs" },
  searched: ["path", "toolName", "mcpMethod", "clientName", "errorCode", "requestId", "clientRequestId"],
});

const requestQuery = z.object({
  kind: z.enum(TRAFFIC_KINDS).optional().meta({
    description: "MCP operations (`call`), or all requests of an entry point: MCP, REST API or UI.",
  }),
  outcome: z.enum(REQUEST_OUTCOMES).optional().meta({
    description:
      "`error`: answered with an HTTP error, or the MCP operation failed, whatever the HTTP status.",
  }),
  requestId: z.string().min(1).max(200).optional().meta({
    description: "The request ID of the response, or the `x-request-id` that the client sent.",
  }),
});

function requestConditions({ kind, outcome, requestId }: z.output<typeof requestQuery>): SQL | undefined {
  const { statusCode, errorCode, requestId: own, clientRequestId } = requestLogs;
  return and(
    kind === undefined ? undefined : kindCondition(kind),
    outcome === undefined
      ? undefined
      : sql`gateway_request_failed(${statusCode}, ${errorCode}) = ${outcome === "error"}`,
    requestId === undefined ? undefined : or(eq(own, requestId), eq(clientRequestId, requestId)),
  );
}

/** Messages without an operation (notifications, streams) are MCP requests, but no calls. */
const kindCondition = (kind: TrafficKind): SQL =>
  kind === "call"
    ? isNotNull(requestLogs.mcpMethod)
    : sql`gateway_kind_of_path(${requestLogs.path}) = ${kind}`;

const requestListQuery = requests.query.extend(requestQuery.shape);

const listRequests = (c: ApiContext, asked: CrudRow, condition?: SQL) =>
  requests.list(c, asked, and(condition, requestConditions(requestQuery.parse(asked))));

export const requestLog = new Hono<AppEnv>().get(
  "/",
  requirePermission("request-logs.list"),
  query(requestListQuery),
  respondsPage(requests.shape, "Request log entries, newest first."),
  async (c) => c.json(await listRequests(c, c.req.valid("query"))),
);

/** For every role: the requests that the caller made, by session, OAuth token or key. */
export const myRequests = new Hono<AppEnv>().get(
  "/",
  requirePermission("me.read"),
  query(requestListQuery.omit({ userId: true })),
  respondsPage(requests.shape, "Requests of the caller, newest first."),
  async (c) => {
    const { userId, apiKeyId } = c.get("principal");
    const isOwn =
      userId === undefined ? eq(requestLogs.apiKeyId, apiKeyId ?? "") : eq(requestLogs.userId, userId);
    return c.json(await listRequests(c, c.req.valid("query"), isOwn));
  },
);

export const errorLog = records(
  "error-logs.list",
  "Errors, newest first.",
  createTimeline({
    table: errorLogs,
    time: "timestamp",
    filters: ["id", "code", "source", "severity", "serverId", "requestId", "fingerprint"],
    searched: ["message"],
  }),
);

export const securityEventLog = records(
  "security-events.list",
  "Security events, newest first.",
  createTimeline({
    table: securityEvents,
    time: "timestamp",
    filters: ["id", "eventType", "severity", "userId", "apiKeyId", "serverId", "ipAddress"],
    searched: ["description"],
  }),
);

export const systemEventLog = records(
  "system-events.list",
  "System events, newest first.",
  createTimeline({
    table: systemEvents,
    time: "timestamp",
    filters: ["id", "eventType", "source", "severity", "serverId"],
    searched: ["message"],
  }),
);

export const connectionPoolLog = records(
  "connection-pools.list",
  "Connection log entries, newest first.",
  createTimeline({ table: connectionPools, time: "sampledAt", filters: ["kind", "name", "serverId"] }),
);
