/** What is measured: the product's own queries in five groups, each with the result it was promised. */
import { and, eq, inArray } from "drizzle-orm";
import * as access from "../../../src/db/queries/access/api-key-lookup.ts";
import { findOpenInvitation } from "../../../src/db/queries/identity/invitations.ts";
import * as identity from "../../../src/db/queries/identity/user-lookup.ts";
import * as audit from "../../../src/db/queries/logs/audit.ts";
import * as requests from "../../../src/db/queries/logs/requests.ts";
import * as catalog from "../../../src/db/queries/servers/catalog.ts";
import * as visits from "../../../src/db/queries/servers/checks.ts";
import * as registry from "../../../src/db/queries/servers/server-lists.ts";
import type { Queries } from "../../../src/db/queries/shared/queries.ts";
import { listUnhealthyServers } from "../../../src/db/queries/traffic/overview.ts";
import * as reports from "../../../src/db/queries/traffic/reports.ts";
import { auditLogs, mcpAuditLogs } from "../../../src/db/schema/logs.ts";
import { serverResources } from "../../../src/db/schema/registry.ts";
import * as own from "./queries.ts";
import { AUDIT, MCP_AUDIT, ofResource, RESOURCES, RULES, SECURITY_EVENTS } from "./queries.ts";
import type { Sample, Statement } from "./sample.ts";

export interface Measured {
  name: string;
  runs: "tenant" | "system";
  /** Found through an index or a constraint that stays on both sides: measured so that it gets no slower, not counted. */
  keyed?: boolean;
  query: (db: Queries, sample: Sample) => Statement;
}

export interface Group {
  name: string;
  /** What must fall: the time of a query, or how much of the table it scans. */
  by: "time" | "buffers";
  /** Percent promised, from and to. */
  target: readonly [number, number];
  queries: Measured[];
}

type Make = Measured["query"];
const tenant = (name: string, query: Make): Measured => ({ name, runs: "tenant", query });
const system = (name: string, query: Make): Measured => ({ name, runs: "system", query });
const keyed = (measured: Measured): Measured => ({ ...measured, keyed: true });

const DAY = 86_400_000;

export function workload(now: Date): Group[] {
  const last = (days: number) => ({ from: new Date(now.getTime() - days * DAY), to: now });
  const day = (days: number) => new Date(now.getTime() - days * DAY).toISOString().slice(0, 10);
  return [
    {
      name: "Server discovery",
      by: "time",
      target: [60, 90],
      queries: [
        system("best servers of a transport", (db, s) =>
          registry.discoverServers(db, { transport: s.transport }),
        ),
        tenant("a tenant's unhealthy servers", (db, s) => listUnhealthyServers(db, s.tenantId, 6)),
        tenant("is this endpoint registered", (db, s) =>
          registry.findServersByEndpoint(db, s.tenantId, s.endpointUrl, s.transport),
        ),
        system("due for a health check", (db) =>
          visits.listServersDueForCheck(db, { minute: new Date(now.getTime() - 300_000), limit: 500 }),
        ),
        system("slowest servers", (db) => registry.listSlowServers(db, { atLeastMs: 500 })),
        keyed(
          tenant("a tenant's usable servers, best first", (db, s) =>
            own.discoverTenantServers(db, s.tenantId, { transport: s.transport }),
          ),
        ),
      ],
    },
    {
      name: "Authentication",
      by: "time",
      target: [40, 80],
      queries: [
        system("user by OAuth provider and id", (db, s) =>
          identity.findUserByAuthProvider(db, s.authProvider, s.authProviderId),
        ),
        system("active sessions of a user", (db, s) => identity.listActiveSessions(db, s.userId, now)),
        system("recently active sessions", (db) =>
          identity.listRecentlyActiveSessions(db, { since: last(1 / 24).from }),
        ),
        tenant("a tenant's users of a role", (db, s) =>
          identity.listUsersByRole(db, s.tenantId, { role: "admin" }),
        ),
        tenant("a tenant's keys", (db, s) => access.listApiKeys(db, s.tenantId)),
        system("keys about to expire", (db) =>
          access.listExpiringKeys(db, { from: now, until: new Date(now.getTime() + 7 * DAY) }),
        ),
        tenant("access rules of a principal", (db, s) =>
          own.rowsOf(db, RULES, s.tenantId, inArray(RULES.table.subjectId, ["user", s.userId, s.keyId])),
        ),
        system("invitation by token", (db, s) => findOpenInvitation(db, s.invitationHash, now)),
        keyed(system("session by token", (db, s) => own.findSessionByToken(db, s.sessionToken, now))),
        keyed(system("key by hash", (db, s) => own.findApiKeyByHash(db, s.keyHash))),
      ],
    },
    {
      name: "Request analytics",
      by: "time",
      target: [50, 70],
      queries: [
        tenant("a tenant's latest requests", (db, s) => requests.listRequests(db, s.tenantId, last(1))),
        tenant("usage summary of a tenant", (db, s) => reports.getTenantUsageSummary(db, s.tenantId)),
        tenant("latency of a server by status, 7 days", (db, s) =>
          requests.loadServerLatency(db, s.tenantId, s.serverId, last(7)),
        ),
        tenant("slowest requests of a server, 7 days", (db, s) =>
          requests.listSlowestServerRequests(db, s.tenantId, s.serverId, last(7)),
        ),
        system("what an address did, 7 days", (db, s) =>
          requests.listRequestsFromAddress(db, s.ipAddress, last(7)),
        ),
        system("routing analysis of a path, 7 days", (db, s) =>
          requests.loadRoutingAnalysis(db, s.serverPath, "POST", last(7)),
        ),
        system("tenant utilization by day, 7 days", (db, s) =>
          requests.loadTenantUtilization(db, s.tenantId, { fromDay: day(7), toDay: day(1) }),
        ),
      ],
    },
    {
      name: "Audit search",
      by: "buffers",
      target: [80, 95],
      queries: [
        tenant("a tenant's latest entries, 7 days", (db, s) =>
          own.recordsOf(db, AUDIT, { tenantId: s.tenantId, ...last(7) }),
        ),
        tenant("history of a resource, 30 days", (db, s) =>
          own.recordsOf(db, AUDIT, { tenantId: s.tenantId, ...last(30) }, ofResource(s.resource)),
        ),
        tenant("failures of a user, 30 days", (db, s) =>
          own.recordsOf(
            db,
            AUDIT,
            { tenantId: s.tenantId, ...last(30) },
            and(eq(auditLogs.userId, s.userId), eq(auditLogs.success, false)),
          ),
        ),
        system("access pattern of a user, 30 days", (db, s) =>
          audit.listAccessPattern(db, s.userId, last(30)),
        ),
        system("how often a user succeeded at one thing, 30 days", (db, s) =>
          audit.listAccessPattern(db, s.userId, {
            ...last(30),
            action: s.resource.action,
            resourceType: s.resource.resourceType,
            success: true,
          }),
        ),
        tenant("MCP calls of a user, 7 days", (db, s) =>
          own.recordsOf(
            db,
            MCP_AUDIT,
            { tenantId: s.tenantId, ...last(7) },
            eq(mcpAuditLogs.userId, s.userId),
          ),
        ),
        system("latest failures of an MCP method, 7 days", (db) =>
          audit.listMcpAuditOfMethod(db, "resources/read", { ...last(7), success: false }),
        ),
        tenant("slowest MCP calls of a tenant, 7 days", (db, s) =>
          audit.listSlowestMcpCalls(db, s.tenantId, last(7)),
        ),
        tenant("security events of a tenant, 7 days", (db, s) =>
          own.recordsOf(db, SECURITY_EVENTS, { tenantId: s.tenantId, ...last(7) }),
        ),
      ],
    },
    {
      name: "Tool lookup",
      by: "time",
      // Promised together with the discovery of servers.
      target: [60, 90],
      queries: [
        tenant("servers that have a tool", (db, s) => catalog.findToolServers(db, s.tenantId, s.toolName)),
        tenant("best providers of a tool", (db, s) => catalog.rankToolProviders(db, s.tenantId, s.toolName)),
        system("most used tools", (db) => catalog.listMostUsedTools(db)),
        tenant("servers that have a resource", (db, s) =>
          own.rowsOf(db, RESOURCES, s.tenantId, eq(serverResources.uriTemplate, s.uri)),
        ),
        tenant("a tenant's resources of a type", (db, s) =>
          own.rowsOf(db, RESOURCES, s.tenantId, eq(serverResources.mimeType, s.mimeType)),
        ),
        keyed(tenant("a tenant's most used tools", (db, s) => own.listMostUsedTenantTools(db, s.tenantId))),
      ],
    },
  ];
}
