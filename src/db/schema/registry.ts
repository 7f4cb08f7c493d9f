/** The servers that tenants register, what was discovered on them, and how they have been doing. */
import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  doublePrecision,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import { ACCESS_PATTERNS, type AuthType } from "../../core/enums.ts";
import type { ClientKeyAlgorithm } from "../../core/oauth-client/client-registration.ts";
import type { ProviderName, TokenExchangeForm } from "../../core/oauth-client/providers.ts";
import {
  atLeast,
  createdAt,
  id,
  jsonb,
  lengthBetween,
  moment,
  partitionedId,
  tenantOwned,
  updatedAt,
  within,
} from "./columns.ts";
import { healthStatus, transportType } from "./enums.ts";
import { byUser } from "./identity.ts";
import { ownedBy } from "./tenants.ts";

/** How the gateway shows itself to the upstream; `sealed` is core/keyring's text, so no secret comes near the database. */
export interface SealedAuthConfig {
  type: AuthType;
  sealed?: string;
  /** Of members' own secrets: the header that carries them. Default: a bearer token in Authorization. */
  headerName?: string;
  /** Of OAuth: the authorization server, where it is not the one that the server names. */
  issuer?: string;
  /** Of OAuth: the client that an admin has registered there; its secret is sealed. */
  clientId?: string;
  /** Of OAuth: what members consent to, in place of what the server requests. */
  scopes?: string[];
  /** Of client credentials: the token endpoint, where there is no metadata of the issuer. */
  tokenUrl?: string;
  /** Of the callers' identity: whom the token is for, in place of the server. */
  audience?: string;
  /** Of exchanged tokens: the form of the request. */
  exchange?: TokenExchangeForm;
  /** Of client credentials with a private key, which is sealed. */
  keyAlgorithm?: ClientKeyAlgorithm;
  keyId?: string;
  /** Of OAuth: whose deviations from the specifications apply, where the issuer does not show it. */
  provider?: ProviderName;
  /** Where the configuration file takes the secret from: the name of an environment variable. */
  reference?: string;
}

type Json = Record<string, unknown>;

export const mcpServers = pgTable(
  "mcp_servers",
  {
    id: id(),
    tenantId: ownedBy(),
    /** Also the path segment of its endpoint, /mcp/{name}. */
    name: text("name").notNull(),
    title: text("title"),
    description: text("description"),
    endpointUrl: text("endpoint_url").notNull(),
    transportType: transportType("transport_type").notNull().default("http"),
    healthStatus: healthStatus("health_status").notNull().default("unknown"),
    capabilities: jsonb("capabilities").$type<Json>().notNull().default({}),
    tags: text("tags").array().notNull().default(sql`'{}'::text[]`),
    version: text("version"),
    protocolVersion: text("protocol_version"),
    instructions: text("instructions"),
    /** Milliseconds and a fraction of one, kept current from the log stream. */
    avgResponseTime: doublePrecision("avg_response_time"),
    successRate: doublePrecision("success_rate"),
    lastHealthCheck: moment("last_health_check"),
    /** Outcomes of the last checks since the status was reached, newest last: core/registry/health.ts. */
    healthRecent: text("health_recent").notNull().default(""),
    /** The time of the last discovery, successful or failed. */
    discoveredAt: moment("discovered_at"),
    discoveryError: text("discovery_error"),
    weight: integer("weight").notNull().default(1),
    region: text("region"),
    maxConcurrency: integer("max_concurrency").notNull().default(100),
    authConfig: jsonb("auth_config").$type<SealedAuthConfig>().notNull().default({ type: "none" }),
    settings: jsonb("settings").$type<Json>().notNull().default({}),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("mcp_servers_tenant_name").on(table.tenantId, table.name),
    // Child tables reference (tenant, id), so a row can never refer to another tenant's server.
    unique("mcp_servers_tenant_id").on(table.tenantId, table.id),
    index("idx_mcp_servers_tenant_status").on(table.tenantId, table.healthStatus),
    index("idx_mcp_servers_endpoint_transport").on(table.endpointUrl, table.transportType),
    index("idx_mcp_servers_health_check_time")
      .on(table.lastHealthCheck)
      .where(sql`${table.lastHealthCheck} is not null`),
    index("idx_mcp_servers_performance")
      .on(table.avgResponseTime, table.successRate)
      .where(sql`${table.avgResponseTime} is not null`),
    index("idx_servers_discovery_composite")
      .on(table.healthStatus, table.transportType, table.avgResponseTime)
      .where(sql`${table.healthStatus} in ('healthy', 'degraded')`),
    check("mcp_servers_name_form", sql`${table.name} ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$'`),
    lengthBetween("mcp_servers_endpoint_url_length", table.endpointUrl, 1, 500),
    within("mcp_servers_success_rate_range", table.successRate, 0, 1),
    atLeast("mcp_servers_avg_response_time_positive", table.avgResponseTime, 0),
    within("mcp_servers_weight_range", table.weight, 0, 1000),
    within("mcp_servers_max_concurrency_range", table.maxConcurrency, 1, 100_000),
    ...tenantOwned(table.tenantId),
  ],
);

const serverId = () => uuid("server_id").notNull();

/** Ties a row to a server of its own tenant; it goes when the server goes. */
export function ofServer(name: string, table: { tenantId: AnyPgColumn; serverId: AnyPgColumn }) {
  return foreignKey({
    name,
    columns: [table.tenantId, table.serverId],
    foreignColumns: [mcpServers.tenantId, mcpServers.id],
  }).onDelete("cascade");
}

export const serverTools = pgTable(
  "server_tools",
  {
    id: id(),
    tenantId: ownedBy(),
    serverId: serverId(),
    name: text("name").notNull(),
    title: text("title"),
    description: text("description"),
    inputSchema: jsonb("input_schema").$type<Json>().notNull().default({ type: "object" }),
    outputSchema: jsonb("output_schema").$type<Json>(),
    annotations: jsonb("annotations").$type<Json>(),
    /** Of a call, as the definition declares it: core/limits/call-cost.ts. */
    declaredCost: integer("declared_cost"),
    icons: jsonb("icons").$type<Json[]>(),
    /** As the server gave it, with members that no column holds. */
    definition: jsonb("definition").$type<Json>(),
    /** SHA-256 of the canonical definition; a change after approval is what a rug pull looks like. */
    definitionHash: text("definition_hash"),
    totalCalls: bigint("total_calls", { mode: "number" }).notNull().default(0),
    successCount: bigint("success_count", { mode: "number" }).notNull().default(0),
    avgExecutionTime: doublePrecision("avg_execution_time"),
    lastSeenAt: moment("last_seen_at").notNull().defaultNow(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("server_tools_server", table),
    unique("server_tools_server_name").on(table.serverId, table.name),
    index("idx_server_tools_name_server").on(table.name, table.serverId),
    index("idx_server_tools_usage_stats")
      .on(table.totalCalls, table.successCount)
      .where(sql`${table.totalCalls} > 0`),
    index("idx_tools_discovery_performance")
      .on(table.name, table.successCount, table.avgExecutionTime, table.serverId)
      .where(sql`${table.totalCalls} > 0`),
    index("server_tools_tenant_server").on(table.tenantId, table.serverId),
    lengthBetween("server_tools_name_length", table.name, 1, 255),
    check("server_tools_counts", sql`${table.successCount} between 0 and ${table.totalCalls}`),
    atLeast("server_tools_avg_execution_time_positive", table.avgExecutionTime, 0),
    ...tenantOwned(table.tenantId),
  ],
);

export const serverResources = pgTable(
  "server_resources",
  {
    id: id(),
    tenantId: ownedBy(),
    serverId: serverId(),
    /** A plain URI, or an RFC 6570 template where is_template is set. */
    uriTemplate: text("uri_template").notNull(),
    isTemplate: boolean("is_template").notNull().default(false),
    name: text("name").notNull(),
    title: text("title"),
    description: text("description"),
    mimeType: text("mime_type"),
    /** Null: not discovered since the column is written. */
    accessPattern: text("access_pattern", { enum: ACCESS_PATTERNS }),
    size: bigint("size", { mode: "number" }),
    definition: jsonb("definition").$type<Json>(),
    annotations: jsonb("annotations").$type<Json>(),
    icons: jsonb("icons").$type<Json[]>(),
    lastSeenAt: moment("last_seen_at").notNull().defaultNow(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("server_resources_server", table),
    unique("server_resources_server_uri").on(table.serverId, table.uriTemplate),
    index("idx_server_resources_uri_server").on(table.uriTemplate, table.serverId),
    index("idx_server_resources_mime_type").on(table.mimeType).where(sql`${table.mimeType} is not null`),
    index("server_resources_tenant_server").on(table.tenantId, table.serverId),
    lengthBetween("server_resources_uri_length", table.uriTemplate, 1, 2000),
    lengthBetween("server_resources_name_length", table.name, 1, 255),
    ...tenantOwned(table.tenantId),
  ],
);

export const serverPrompts = pgTable(
  "server_prompts",
  {
    id: id(),
    tenantId: ownedBy(),
    serverId: serverId(),
    name: text("name").notNull(),
    title: text("title"),
    description: text("description"),
    arguments: jsonb("arguments").$type<Json[]>().notNull().default([]),
    definition: jsonb("definition").$type<Json>(),
    icons: jsonb("icons").$type<Json[]>(),
    lastSeenAt: moment("last_seen_at").notNull().defaultNow(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("server_prompts_server", table),
    unique("server_prompts_server_name").on(table.serverId, table.name),
    index("server_prompts_tenant_server").on(table.tenantId, table.serverId),
    lengthBetween("server_prompts_name_length", table.name, 1, 255),
    ...tenantOwned(table.tenantId),
  ],
);

// The two time series below are partitioned and have no foreign keys: a late batch must not fail because one server or
// tenant was deleted, and a hundred million rows should not be checked one by one. Retention deletes old rows.

const ofTenant = () => uuid("tenant_id").notNull();

export const serverMetrics = pgTable(
  "server_metrics",
  {
    id: partitionedId(),
    tenantId: ofTenant(),
    serverId: serverId(),
    timestamp: moment("timestamp").notNull().defaultNow(),
    responseTimeMs: doublePrecision("response_time_ms"),
    p95ResponseTimeMs: doublePrecision("p95_response_time_ms"),
    errorRate: doublePrecision("error_rate"),
    requestCount: integer("request_count").notNull().default(0),
    errorCount: integer("error_count").notNull().default(0),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: "server_metrics_pkey", columns: [table.id, table.timestamp] }),
    index("idx_server_metrics_server_time").on(table.serverId, table.timestamp.desc().nullsFirst()),
    index("idx_server_metrics_performance")
      .on(table.responseTimeMs, table.errorRate)
      .where(sql`${table.responseTimeMs} is not null`),
    atLeast("server_metrics_response_time_positive", table.responseTimeMs, 0),
    within("server_metrics_error_rate_range", table.errorRate, 0, 1),
    ...tenantOwned(table.tenantId),
  ],
);

export const serverHealthChecks = pgTable(
  "server_health_checks",
  {
    id: partitionedId(),
    tenantId: ofTenant(),
    serverId: serverId(),
    checkedAt: moment("checked_at").notNull().defaultNow(),
    status: healthStatus("status").notNull(),
    responseTimeMs: doublePrecision("response_time_ms"),
    /** The request: ping, server/discover, a tool call. */
    probe: text("probe"),
    protocolVersion: text("protocol_version"),
    errorCode: text("error_code"),
    errorMessage: text("error_message"),
    details: jsonb("details").$type<Json>(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: "server_health_checks_pkey", columns: [table.id, table.checkedAt] }),
    index("idx_server_health_checks_server_time").on(table.serverId, table.checkedAt.desc().nullsFirst()),
    atLeast("server_health_checks_response_time_positive", table.responseTimeMs, 0),
    ...tenantOwned(table.tenantId),
  ],
);
