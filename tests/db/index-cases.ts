/** For each of the 38 indexes the query of the product that it exists for, in the role that runs it. */

import type { Sample, Statement } from "../../scripts/bench/db/sample.ts";
import * as access from "../../src/db/queries/access/api-key-lookup.ts";
import * as identity from "../../src/db/queries/identity/user-lookup.ts";
import * as audit from "../../src/db/queries/logs/audit.ts";
import * as requests from "../../src/db/queries/logs/requests.ts";
import * as catalog from "../../src/db/queries/servers/catalog.ts";
import * as visits from "../../src/db/queries/servers/checks.ts";
import * as registry from "../../src/db/queries/servers/server-lists.ts";
import type { Queries } from "../../src/db/queries/shared/queries.ts";
import * as operations from "../../src/db/queries/traffic/operations.ts";
import * as traffic from "../../src/db/queries/traffic/routing.ts";
import * as indexed from "./index-queries.ts";

export const NOW = new Date("2026-03-19T12:00:00Z");

const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
const lastDay = { from: hoursAgo(24), to: NOW };
const lastWeek = { from: hoursAgo(7 * 24), to: NOW };
const lastMonth = { from: hoursAgo(30 * 24), to: NOW };

export interface IndexCase {
  index: string;
  /** Inside the tenant of the sample, or outside any. */
  runs: "tenant" | "system";
  query: (db: Queries, sample: Sample) => Statement;
}

const tenant = (index: string, query: IndexCase["query"]): IndexCase => ({ index, runs: "tenant", query });
const system = (index: string, query: IndexCase["query"]): IndexCase => ({ index, runs: "system", query });

export const cases: IndexCase[] = [
  tenant("idx_mcp_servers_tenant_status", (db, s) => registry.countServersByStatus(db, s.tenantId)),
  tenant("idx_mcp_servers_endpoint_transport", (db, s) =>
    registry.findServersByEndpoint(db, s.tenantId, s.endpointUrl, s.transport),
  ),
  system("idx_mcp_servers_health_check_time", (db) =>
    visits.listServersDueForCheck(db, { minute: new Date(NOW.getTime() - 300_000), limit: 500 }),
  ),
  system("idx_mcp_servers_performance", (db) => registry.listSlowServers(db, { atLeastMs: 500 })),
  system("idx_servers_discovery_composite", (db) => registry.discoverServers(db, { transport: "http" })),

  tenant("idx_server_tools_name_server", (db, s) => catalog.findToolServers(db, s.tenantId, s.toolName)),
  system("idx_server_tools_usage_stats", (db) => catalog.listMostUsedTools(db)),
  tenant("idx_tools_discovery_performance", (db, s) =>
    catalog.rankToolProviders(db, s.tenantId, "search_items"),
  ),
  tenant("idx_server_resources_uri_server", (db, s) => catalog.findResourceServers(db, s.tenantId, s.uri)),
  tenant("idx_server_resources_mime_type", (db, s) =>
    catalog.listResourcesByMimeType(db, s.tenantId, s.mimeType),
  ),

  tenant("idx_server_metrics_server_time", (db, s) =>
    indexed.listServerMetricHistory(db, s.tenantId, s.serverId, lastDay),
  ),
  system("idx_server_metrics_performance", (db) =>
    indexed.listSlowestServerMetrics(db, { ...lastWeek, atLeastMs: 500 }),
  ),
  tenant("idx_server_health_checks_server_time", (db, s) =>
    indexed.listHealthChecks(db, s.tenantId, s.serverId, lastWeek),
  ),

  tenant("idx_users_tenant_role", (db, s) => identity.listUsersByRole(db, s.tenantId, { role: "admin" })),
  system("idx_users_auth_provider", (db, s) =>
    identity.findUserByAuthProvider(db, s.authProvider, s.authProviderId),
  ),
  system("idx_sessions_user_active", (db, s) => identity.listActiveSessions(db, s.userId, NOW)),
  system("idx_sessions_activity_time", (db) =>
    identity.listRecentlyActiveSessions(db, { since: hoursAgo(1) }),
  ),
  system("idx_tenant_invitations_token", (db, s) => identity.findInvitationByToken(db, s.invitationHash)),

  tenant("idx_api_keys_tenant_active", (db, s) => access.listApiKeys(db, s.tenantId)),
  system("idx_api_keys_expiration", (db) =>
    access.listExpiringKeys(db, { from: NOW, until: new Date(NOW.getTime() + 7 * 86_400_000) }),
  ),
  system("idx_api_keys_usage", (db) =>
    indexed.listKeysByUsage(db, { usedSince: hoursAgo(24), minRequests: 100 }),
  ),
  tenant("idx_server_access_controls_subject", (db, s) =>
    access.listPrincipalAccessRules(db, s.tenantId, { roles: ["user"], userId: s.userId, keyId: s.keyId }),
  ),

  tenant("idx_audit_logs_tenant_time", (db, s) => audit.listAudit(db, s.tenantId, lastWeek)),
  tenant("idx_audit_logs_action_resource", (db, s) =>
    audit.listAuditOfResource(db, s.tenantId, s.resource, lastMonth),
  ),
  tenant("idx_audit_logs_user_success", (db, s) =>
    audit.listAuditOfUser(db, s.tenantId, s.userId, { ...lastMonth, success: false }),
  ),
  system("idx_security_access_composite", (db, s) =>
    audit.listAccessPattern(db, s.userId, {
      ...lastMonth,
      action: s.resource.action,
      resourceType: s.resource.resourceType,
      success: true,
    }),
  ),

  tenant("idx_request_logs_tenant_time", (db, s) => requests.listRequests(db, s.tenantId, lastDay)),
  tenant("idx_request_logs_server_performance", (db, s) =>
    requests.listSlowestServerRequests(db, s.tenantId, s.serverId, lastWeek),
  ),
  system("idx_request_logs_ip_path", (db, s) => requests.listRequestsFromAddress(db, s.ipAddress, lastWeek)),
  system("idx_request_routing_composite", (db, s) =>
    requests.loadRoutingAnalysis(db, s.serverPath, "POST", lastWeek),
  ),
  system("idx_tenant_utilization_composite", (db, s) =>
    requests.loadTenantUtilization(db, s.tenantId, { fromDay: "2026-03-10", toDay: "2026-03-16" }),
  ),

  tenant("idx_fastmcp_audit_user_time", (db, s) =>
    audit.listMcpAuditOfUser(db, s.tenantId, s.userId, lastWeek),
  ),
  system("idx_fastmcp_audit_method_success", (db) =>
    audit.listMcpAuditOfMethod(db, "resources/read", { ...lastWeek, success: false }),
  ),
  tenant("idx_fastmcp_audit_tenant_performance", (db, s) =>
    audit.listSlowestMcpCalls(db, s.tenantId, lastWeek),
  ),
  tenant("idx_security_events_tenant_time", (db, s) => audit.listSecurityEvents(db, s.tenantId, lastWeek)),

  tenant("idx_routing_rules_tenant_active", (db, s) => traffic.listActiveRoutingRules(db, s.tenantId)),
  tenant("idx_system_configs_category_tenant", (db, s) =>
    indexed.listConfigsOfCategory(db, s.tenantId, "limits"),
  ),
  tenant("idx_alert_events_open_tenant", (db, s) => operations.listOpenAlerts(db, s.tenantId)),
];
