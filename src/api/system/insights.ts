/** What operators look for over all organizations: what is slow, what is used, and what one address or account did. */
import { Hono } from "hono";
import { z } from "zod";
import { DAY_MS, HOUR_MS } from "../../core/durations.ts";
import { ROLES, TRANSPORTS } from "../../core/enums.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { keyColumns, listExpiringKeys, listKeysByUsage } from "../../db/queries/access/api-key-lookup.ts";
import {
  findUserByAuthProvider,
  listRecentlyActiveSessions,
  listUsersByRole,
  sessionColumns,
  userColumns,
} from "../../db/queries/identity/user-lookup.ts";
import { listAccessPattern, listMcpAuditOfMethod } from "../../db/queries/logs/audit.ts";
import {
  listRequestsFromAddress,
  loadRoutingAnalysis,
  loadTenantUtilization,
} from "../../db/queries/logs/requests.ts";
import { listMostUsedTools } from "../../db/queries/servers/catalog.ts";
import {
  discoverServers,
  listedServer,
  listSlowestServerMetrics,
  listSlowServers,
} from "../../db/queries/servers/server-lists.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { omitUndefined } from "../http/omit-undefined.ts";
import { respondsPage } from "../http/responses.ts";
import { pickFields } from "../http/sorted-lists.ts";
import { moment } from "../http/times.ts";
import { query } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";
import { rowShape } from "../resource/shape.ts";

const limit = z.coerce.number().int().min(1).max(200).default(50);
const ms = z.coerce.number().min(0).max(1e9);
const count = z.number().int();
const text = z.string().min(1).max(500);

const period = z.object({
  from: moment.optional().meta({ description: "Default: 7 days before the end." }),
  to: moment.optional().meta({ description: "Exclusive end. Default: now." }),
});

function toPeriod({ from, to = new Date() }: z.output<typeof period>) {
  return { from: from ?? new Date(to.getTime() - 7 * DAY_MS), to };
}

const page = { limit };
const usedSince = moment.optional().meta({ description: "Default: 24 hours ago." });
const dayAgo = () => new Date(Date.now() - DAY_MS);
const system = (c: ApiContext) => c.var.services.database.asSystem();
const list = (c: ApiContext, items: readonly object[]) => c.json({ items: [...items], nextCursor: null });

const slowServers = z.object({ ...page, minResponseTimeMs: ms.default(500) });
const slowSamples = period.extend({
  ...page,
  minResponseTimeMs: ms.default(500),
  minErrorRate: z.coerce.number().min(0).max(1).optional(),
});
const sampleShape = z.object({
  tenantId: z.uuid(),
  serverId: z.uuid(),
  timestamp: z.iso.datetime(),
  responseTimeMs: z.number().nullable(),
  errorRate: z.number().nullable(),
  requestCount: count,
});
const toolShape = z.object({
  id: z.uuid(),
  tenantId: z.uuid(),
  serverId: z.uuid(),
  name: z.string(),
  totalCalls: count,
  successCount: count,
  avgExecutionTime: z.number().nullable(),
});
const routingShape = z.object({
  serverId: z.uuid().nullable(),
  successes: count,
  avgMs: z.number().nullable(),
  p95Ms: z.number().nullable(),
});
const failureShape = z.object({
  timestamp: z.iso.datetime(),
  tenantId: z.uuid().nullable(),
  userId: z.string().nullable(),
  method: z.string(),
  target: z.string().nullable(),
  serverId: z.uuid().nullable(),
  durationMs: z.number().nullable(),
  success: z.boolean(),
  errorMessage: z.string().nullable(),
  requestId: z.string().nullable(),
});

/** Servers, tools, keys and sessions: what is slow, and what is used. */
const usage = new Hono<AppEnv>()
  .get(
    "/slow-servers",
    requirePermission("system.read"),
    query(slowServers),
    respondsPage(rowShape(listedServer), "Servers by average response time, slowest first."),
    async (c) => {
      const { minResponseTimeMs: atLeastMs, limit: most } = c.req.valid("query");
      return list(c, await listSlowServers(system(c), { atLeastMs, limit: most }));
    },
  )
  .get(
    "/servers",
    requirePermission("system.read"),
    query(z.object({ ...page, transport: z.enum(TRANSPORTS).default("http") })),
    respondsPage(
      rowShape(listedServer),
      "Usable servers of a transport: healthy before degraded, fastest first.",
    ),
    async (c) => list(c, await discoverServers(system(c), c.req.valid("query"))),
  )
  .get(
    "/slow-samples",
    requirePermission("system.read"),
    query(slowSamples),
    respondsPage(sampleShape, "Minutes in which servers responded slowly, slowest first."),
    async (c) => {
      const { minResponseTimeMs: atLeastMs, from, to, ...rest } = c.req.valid("query");
      const asked = { ...toPeriod({ from, to }), atLeastMs, ...omitUndefined(rest) };
      return list(c, await listSlowestServerMetrics(system(c), asked));
    },
  )
  .get(
    "/tools",
    requirePermission("system.read"),
    query(z.object(page)),
    respondsPage(toolShape, "Tools by number of calls."),
    async (c) => list(c, await listMostUsedTools(system(c), c.req.valid("query"))),
  )
  .get(
    "/keys",
    requirePermission("system.read"),
    query(z.object({ ...page, usedSince, minRequests: z.coerce.number().int().min(0).default(1) })),
    respondsPage(rowShape(keyColumns), "API keys by last use."),
    async (c) => {
      const asked = c.req.valid("query");
      return list(c, await listKeysByUsage(system(c), { ...asked, usedSince: asked.usedSince ?? dayAgo() }));
    },
  )
  .get(
    "/expiring-keys",
    requirePermission("system.read"),
    query(z.object({ ...page, days: z.coerce.number().int().min(1).max(365).default(7) })),
    respondsPage(rowShape(keyColumns), "API keys that are about to expire, next first."),
    async (c) => {
      const { days, limit: most } = c.req.valid("query");
      const from = new Date();
      const until = new Date(from.getTime() + days * DAY_MS);
      return list(c, await listExpiringKeys(system(c), { from, until, limit: most }));
    },
  )
  .get(
    "/sessions",
    requirePermission("system.read"),
    query(z.object({ ...page, since: moment.optional().meta({ description: "Default: one hour ago." }) })),
    respondsPage(rowShape(sessionColumns), "Sign-in sessions by last activity."),
    async (c) => {
      const { since = new Date(Date.now() - HOUR_MS), limit: most } = c.req.valid("query");
      return list(c, await listRecentlyActiveSessions(system(c), { since, limit: most }));
    },
  );

/** What one address, path, organization, method or account did. */
const investigation = new Hono<AppEnv>()
  .get(
    "/address",
    requirePermission("system.read"),
    query(period.extend({ ipAddress: text, path: text.optional() })),
    respondsPage(
      z.object({ path: z.string(), requests: count, refused: count, lastAt: z.iso.datetime() }),
      "Requests of an IP address in all organizations, by path.",
    ),
    async (c) => {
      const { ipAddress, path, ...given } = c.req.valid("query");
      const asked = { ...toPeriod(given), ...omitUndefined({ path }) };
      return list(c, await listRequestsFromAddress(system(c), ipAddress, asked));
    },
  )
  .get(
    "/routing",
    requirePermission("system.read"),
    query(period.extend({ path: text, method: z.enum(["GET", "POST", "DELETE"]).default("POST") })),
    respondsPage(routingShape, "Servers behind an endpoint, with the latency of their successful responses."),
    async (c) => {
      const { path, method, ...given } = c.req.valid("query");
      return list(c, await loadRoutingAnalysis(system(c), path, method, toPeriod(given)));
    },
  )
  .get(
    "/utilization",
    requirePermission("system.read"),
    query(z.object({ tenantId: z.uuid(), fromDay: z.iso.date(), toDay: z.iso.date() })),
    respondsPage(
      z.object({ day: z.iso.date(), statusCode: count, requests: count }),
      "Requests of an organization by UTC day and HTTP status, at most 92 days.",
    ),
    async (c) => {
      const { tenantId, ...days } = c.req.valid("query");
      const length = Date.parse(days.toDay) - Date.parse(days.fromDay);
      if (length < 0 || length >= 92 * DAY_MS) {
        throw new InvalidInputError([
          { path: "toDay", message: "must be at most 92 days after fromDay, and not before it" },
        ]);
      }
      return list(c, await loadTenantUtilization(system(c), tenantId, days));
    },
  )
  .get(
    "/mcp-operations",
    requirePermission("system.read"),
    query(period.extend({ ...page, method: text, success: z.stringbool().default(false) })),
    respondsPage(failureShape, "Latest operations of an MCP method in all organizations."),
    async (c) => {
      const { method, success, limit: most, ...given } = c.req.valid("query");
      const asked = { ...toPeriod(given), success, limit: most };
      const rows = await listMcpAuditOfMethod(system(c), method, asked);
      return list(
        c,
        rows.map((row) => pickFields(row, Object.keys(failureShape.shape))),
      );
    },
  )
  .get(
    "/account-activity",
    requirePermission("system.read"),
    query(
      period.extend({
        userId: text,
        action: text.optional(),
        resourceType: text.optional(),
        success: z.stringbool().optional(),
      }),
    ),
    respondsPage(
      z.object({
        action: z.string(),
        resourceType: z.string(),
        success: z.boolean(),
        times: count,
        lastAt: z.iso.datetime().nullable(),
      }),
      "Administrative actions of a user in all organizations, counted by action and result.",
    ),
    async (c) => {
      const { userId, from, to, ...given } = c.req.valid("query");
      const asked = { ...toPeriod({ from, to }), ...omitUndefined(given) };
      return list(c, await listAccessPattern(system(c), userId, asked));
    },
  )
  .get(
    "/organization-accounts",
    requirePermission("system.read"),
    query(
      z.object({ ...page, tenantId: z.uuid(), role: z.enum(ROLES), isActive: z.stringbool().default(true) }),
    ),
    respondsPage(
      rowShape(userColumns),
      "User accounts that an organization manages, by role of the account: `admin` for operators.",
    ),
    async (c) => {
      const { tenantId, ...asked } = c.req.valid("query");
      return list(c, await listUsersByRole(c.var.services.database.withTenant(tenantId), tenantId, asked));
    },
  )
  .get(
    "/accounts",
    requirePermission("system.read"),
    query(z.object({ authProvider: text, authProviderId: text })),
    respondsPage(rowShape(userColumns), "The user account of a subject at a sign-in provider."),
    async (c) => {
      const { authProvider, authProviderId } = c.req.valid("query");
      return list(c, await findUserByAuthProvider(system(c), authProvider, authProviderId));
    },
  );

export const insights = new Hono<AppEnv>().route("/", usage).route("/", investigation);
