/** For each of the 38 indexes a query of the product that it exists for, the role that runs it, and its caller. */
import { and, eq } from "drizzle-orm";
import * as statements from "../../scripts/bench/db/queries.ts";
import type { Sample, Statement } from "../../scripts/bench/db/sample.ts";
import * as keys from "../../src/db/queries/access/api-key-lookup.ts";
import { findOpenInvitation } from "../../src/db/queries/identity/invitations.ts";
import * as identity from "../../src/db/queries/identity/user-lookup.ts";
import * as audit from "../../src/db/queries/logs/audit.ts";
import * as requests from "../../src/db/queries/logs/requests.ts";
import * as catalog from "../../src/db/queries/servers/catalog.ts";
import * as checks from "../../src/db/queries/servers/checks.ts";
import * as servers from "../../src/db/queries/servers/server-lists.ts";
import type { Queries } from "../../src/db/queries/shared/queries.ts";
import * as operations from "../../src/db/queries/traffic/operations.ts";
import { listUnhealthyServers } from "../../src/db/queries/traffic/overview.ts";
import * as routing from "../../src/db/queries/traffic/routing.ts";
import { serverAccessControls } from "../../src/db/schema/access.ts";
import { auditLogs, mcpAuditLogs } from "../../src/db/schema/logs.ts";
import { systemConfigs } from "../../src/db/schema/operations.ts";
import { serverHealthChecks, serverMetrics, serverResources } from "../../src/db/schema/registry.ts";

export const NOW = new Date("2026-03-19T12:00:00Z");

const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
const lastDay = { from: hoursAgo(24), to: NOW };
const lastWeek = { from: hoursAgo(7 * 24), to: NOW };
const lastMonth = { from: hoursAgo(30 * 24), to: NOW };

/** A query function, by its name and the product file that imports it from its module. */
export interface Caller {
  readonly query: string;
  readonly file: string;
}

export interface IndexCase {
  readonly index: string;
  /** Inside the tenant of the sample, or outside any. */
  readonly runs: "tenant" | "system";
  readonly caller: Caller;
  readonly query: (db: Queries, sample: Sample) => Statement;
}

type Make = IndexCase["query"];
const by = (file: string, query: string): Caller => ({ file: `src/${file}`, query });
const tenant = (index: string, caller: Caller, query: Make): IndexCase => ({
  index,
  runs: "tenant",
  caller,
  query,
});
const system = (index: string, caller: Caller, query: Make): IndexCase => ({
  index,
  runs: "system",
  caller,
  query,
});

/** The files that declare the generic lists; a list with the index's filter is named at its case. */
const RECORDS = by("api/logs/timeline.ts", "listRecords");
const ROWS = by("api/resource/reading.ts", "listRows");
const INVENTORY = by("api/servers/inventory.ts", "listRows");
const insight = (query: string) => by("api/system/insights.ts", query);

export const cases: IndexCase[] = [
  tenant(
    "idx_mcp_servers_tenant_status",
    by("admin/home/overview-data.ts", "listUnhealthyServers"),
    (db, s) => listUnhealthyServers(db, s.tenantId, 6),
  ),
  tenant(
    "idx_mcp_servers_endpoint_transport",
    by("api/servers/servers.ts", "findServersByEndpoint"),
    (db, s) => servers.findServersByEndpoint(db, s.tenantId, s.endpointUrl, s.transport),
  ),
  system("idx_mcp_servers_health_check_time", by("jobs/due-work.ts", "listServersDueForCheck"), (db) =>
    checks.listServersDueForCheck(db, { minute: new Date(NOW.getTime() - 300_000), limit: 500 }),
  ),
  system("idx_mcp_servers_performance", insight("listSlowServers"), (db) =>
    servers.listSlowServers(db, { atLeastMs: 500 }),
  ),
  system("idx_servers_discovery_composite", insight("discoverServers"), (db) =>
    servers.discoverServers(db, { transport: "http" }),
  ),

  tenant("idx_server_tools_name_server", by("api/servers/providers.ts", "findToolServers"), (db, s) =>
    catalog.findToolServers(db, s.tenantId, s.toolName),
  ),
  system("idx_server_tools_usage_stats", insight("listMostUsedTools"), (db) => catalog.listMostUsedTools(db)),
  tenant("idx_tools_discovery_performance", by("api/servers/providers.ts", "rankToolProviders"), (db, s) =>
    catalog.rankToolProviders(db, s.tenantId, "search_items"),
  ),
  // /resources?uriTemplate=… and /resources?mimeType=…
  tenant("idx_server_resources_uri_server", INVENTORY, (db, s) =>
    statements.rowsOf(db, statements.RESOURCES, s.tenantId, eq(serverResources.uriTemplate, s.uri)),
  ),
  tenant("idx_server_resources_mime_type", INVENTORY, (db, s) =>
    statements.rowsOf(db, statements.RESOURCES, s.tenantId, eq(serverResources.mimeType, s.mimeType)),
  ),

  // /servers/{id}/metrics
  tenant("idx_server_metrics_server_time", RECORDS, (db, s) =>
    statements.recordsOf(
      db,
      statements.METRICS,
      { tenantId: s.tenantId, ...lastDay },
      eq(serverMetrics.serverId, s.serverId),
    ),
  ),
  system("idx_server_metrics_performance", insight("listSlowestServerMetrics"), (db) =>
    servers.listSlowestServerMetrics(db, { ...lastWeek, atLeastMs: 500 }),
  ),
  // /servers/{id}/health-checks
  tenant("idx_server_health_checks_server_time", RECORDS, (db, s) =>
    statements.recordsOf(
      db,
      statements.HEALTH_CHECKS,
      { tenantId: s.tenantId, ...lastWeek },
      eq(serverHealthChecks.serverId, s.serverId),
    ),
  ),

  tenant("idx_users_tenant_role", insight("listUsersByRole"), (db, s) =>
    identity.listUsersByRole(db, s.tenantId, { role: "admin" }),
  ),
  system("idx_users_auth_provider", insight("findUserByAuthProvider"), (db, s) =>
    identity.findUserByAuthProvider(db, s.authProvider, s.authProviderId),
  ),
  system("idx_sessions_user_active", by("api/users/sessions.ts", "listActiveSessions"), (db, s) =>
    identity.listActiveSessions(db, s.userId, NOW),
  ),
  system("idx_sessions_activity_time", insight("listRecentlyActiveSessions"), (db) =>
    identity.listRecentlyActiveSessions(db, { since: hoursAgo(1) }),
  ),
  system("idx_tenant_invitations_token", by("identity/users/invitations.ts", "findOpenInvitation"), (db, s) =>
    findOpenInvitation(db, s.invitationHash, NOW),
  ),

  tenant("idx_api_keys_tenant_active", by("api/keys/keys.ts", "listApiKeys"), (db, s) =>
    keys.listApiKeys(db, s.tenantId),
  ),
  system("idx_api_keys_expiration", by("jobs/expiring-keys.ts", "listExpiringKeys"), (db) =>
    keys.listExpiringKeys(db, { from: NOW, until: new Date(NOW.getTime() + 7 * 86_400_000) }),
  ),
  system("idx_api_keys_usage", insight("listKeysByUsage"), (db) =>
    keys.listKeysByUsage(db, { usedSince: hoursAgo(24), minRequests: 100 }),
  ),
  // /access-controls?subjectType=user&subjectId=…
  tenant("idx_server_access_controls_subject", ROWS, (db, s) =>
    statements.rowsOf(
      db,
      statements.RULES,
      s.tenantId,
      and(eq(serverAccessControls.subjectType, "user"), eq(serverAccessControls.subjectId, s.userId)),
    ),
  ),

  // /audit-logs, and with its filters of a resource and of a user
  tenant("idx_audit_logs_tenant_time", RECORDS, (db, s) =>
    statements.recordsOf(db, statements.AUDIT, { tenantId: s.tenantId, ...lastWeek }),
  ),
  tenant("idx_audit_logs_action_resource", RECORDS, (db, s) =>
    statements.recordsOf(
      db,
      statements.AUDIT,
      { tenantId: s.tenantId, ...lastMonth },
      statements.ofResource(s.resource),
    ),
  ),
  tenant("idx_audit_logs_user_success", RECORDS, (db, s) =>
    statements.recordsOf(
      db,
      statements.AUDIT,
      { tenantId: s.tenantId, ...lastMonth },
      and(eq(auditLogs.userId, s.userId), eq(auditLogs.success, false)),
    ),
  ),
  system("idx_security_access_composite", insight("listAccessPattern"), (db, s) =>
    audit.listAccessPattern(db, s.userId, {
      ...lastMonth,
      action: s.resource.action,
      resourceType: s.resource.resourceType,
      success: true,
    }),
  ),

  tenant("idx_request_logs_tenant_time", RECORDS, (db, s) =>
    statements.recordsOf(db, statements.REQUESTS, { tenantId: s.tenantId, ...lastDay }),
  ),
  tenant(
    "idx_request_logs_server_performance",
    by("api/servers/history.ts", "listSlowestServerRequests"),
    (db, s) => requests.listSlowestServerRequests(db, s.tenantId, s.serverId, lastWeek),
  ),
  system("idx_request_logs_ip_path", insight("listRequestsFromAddress"), (db, s) =>
    requests.listRequestsFromAddress(db, s.ipAddress, lastWeek),
  ),
  system("idx_request_routing_composite", insight("loadRoutingAnalysis"), (db, s) =>
    requests.loadRoutingAnalysis(db, s.serverPath, "POST", lastWeek),
  ),
  system("idx_tenant_utilization_composite", insight("loadTenantUtilization"), (db, s) =>
    requests.loadTenantUtilization(db, s.tenantId, { fromDay: "2026-03-10", toDay: "2026-03-16" }),
  ),

  // /mcp-audit-logs?userId=…
  tenant("idx_fastmcp_audit_user_time", RECORDS, (db, s) =>
    statements.recordsOf(
      db,
      statements.MCP_AUDIT,
      { tenantId: s.tenantId, ...lastWeek },
      eq(mcpAuditLogs.userId, s.userId),
    ),
  ),
  system("idx_fastmcp_audit_method_success", insight("listMcpAuditOfMethod"), (db) =>
    audit.listMcpAuditOfMethod(db, "resources/read", { ...lastWeek, success: false }),
  ),
  tenant("idx_fastmcp_audit_tenant_performance", by("api/logs/records.ts", "listSlowestMcpCalls"), (db, s) =>
    audit.listSlowestMcpCalls(db, s.tenantId, lastWeek),
  ),
  tenant("idx_security_events_tenant_time", RECORDS, (db, s) =>
    statements.recordsOf(db, statements.SECURITY_EVENTS, { tenantId: s.tenantId, ...lastWeek }),
  ),

  tenant("idx_routing_rules_tenant_active", by("api/traffic/routing.ts", "listActiveRoutingRules"), (db, s) =>
    routing.listActiveRoutingRules(db, s.tenantId),
  ),
  // /configs?category=…
  tenant("idx_system_configs_category_tenant", ROWS, (db, s) =>
    statements.rowsOf(db, statements.CONFIGS, s.tenantId, eq(systemConfigs.category, "limits")),
  ),
  tenant("idx_alert_events_open_tenant", by("admin/home/overview-data.ts", "listOpenAlerts"), (db, s) =>
    operations.listOpenAlerts(db, s.tenantId),
  ),
];
