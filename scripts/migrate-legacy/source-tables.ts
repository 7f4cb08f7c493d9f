// The tables of the old programs in the order of the import, and what becomes of each.
import { transformAccessControl, transformEnhancedKey, transformKey } from "./transforms/access.ts";
import {
  transformAccount,
  transformFrontendUser,
  transformTenant,
  transformUser,
} from "./transforms/identity.ts";
import { transformAudit, transformMcpAudit, transformRequest } from "./transforms/logs.ts";
import { transformAlert, transformConfig, transformRetention } from "./transforms/operations.ts";
import {
  transformBreaker,
  transformMetric,
  transformPool,
  transformQueue,
  transformResource,
  transformRoutingRule,
  transformServer,
  transformTool,
} from "./transforms/registry.ts";
import type { Transform } from "./transforms/transformed.ts";

export interface SourceTable {
  readonly name: string;
  /** Names of the table in other releases. */
  readonly aliases?: readonly string[];
  /** The frontend's tables can be in a database of their own. */
  readonly program: "backend" | "frontend";
  readonly transform?: Transform;
  /** Other rows refer to its rows, so a resumed run reads it again. */
  readonly isReferred?: true;
  /** The column of the event's time. */
  readonly time?: string;
  /** Why its rows are exported and not imported. */
  readonly archivedBecause?: string;
}

const backend = (name: string, transform: Transform, more: Partial<SourceTable> = {}): SourceTable => ({
  ...{ name, program: "backend", transform },
  ...more,
});

const SESSIONS = "sign-in sessions are bound to the old programs' secret: users sign in again";

export const SOURCE_TABLES: readonly SourceTable[] = [
  backend("tenants", transformTenant, { isReferred: true }),
  backend("users", transformUser, { isReferred: true }),
  { name: "user", program: "frontend", transform: transformFrontendUser, isReferred: true },
  { name: "account", program: "frontend", transform: transformAccount },
  backend("mcp_servers", transformServer, { isReferred: true }),
  backend("server_tools", transformTool),
  backend("server_resources", transformResource),
  backend("api_keys", transformKey, { isReferred: true }),
  backend("enhanced_api_keys", transformEnhancedKey, { isReferred: true }),
  backend("server_access_controls", transformAccessControl, { aliases: ["server_access_control"] }),
  backend("routing_rules", transformRoutingRule, { isReferred: true }),
  backend("circuit_breakers", transformBreaker),
  backend("request_queues", transformQueue),
  backend("connection_pools", transformPool),
  backend("performance_alerts", transformAlert),
  backend("data_retention_policies", transformRetention),
  backend("system_configs", transformConfig),
  backend("server_metrics", transformMetric, { time: "timestamp" }),
  backend("audit_logs", transformAudit, { time: "timestamp" }),
  backend("fastmcp_audit_log", transformMcpAudit, { time: "timestamp" }),
  backend("request_logs", transformRequest, { time: "request_time" }),
  { name: "sessions", program: "backend", archivedBecause: SESSIONS },
  { name: "session", program: "frontend", archivedBecause: SESSIONS },
  {
    name: "two_factor",
    aliases: ["two_factor_auth", "twoFactor"],
    program: "frontend",
    archivedBecause: "secrets are encrypted with the old frontend's secret: users enroll again",
  },
  {
    name: "verification",
    program: "frontend",
    archivedBecause: "pending verifications expire: users request them again",
  },
  { name: "materialized_views", program: "backend", archivedBecause: "the gateway has views of its own" },
];
