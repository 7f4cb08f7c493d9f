/**
 * The logs. These rows outlive the records that they refer to, so they hold ids without foreign keys: removing a server, a
 * user or a tenant must not rewrite the record, and a batch must not fail over one row. Times are the event's own;
 * the three large tables are partitioned by them. The runtime and system roles may add rows, never change them.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import {
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
import { severity } from "./enums.ts";

type Json = Record<string, unknown>;

/** Null if the tenant is unknown: such rows are visible to the system only. */
const tenantId = () => uuid("tenant_id");
const timestamp = () => moment("timestamp").notNull().defaultNow();

export const requestLogs = pgTable(
  "request_logs",
  {
    id: partitionedId(),
    requestTime: moment("request_time").notNull().defaultNow(),
    tenantId: tenantId(),
    userId: text("user_id"),
    apiKeyId: uuid("api_key_id"),
    requestId: text("request_id"),
    /** The x-request-id that the client sent: not unique, and never a key. */
    clientRequestId: text("client_request_id"),
    traceId: text("trace_id"),
    clientName: text("client_name"),
    method: text("method").notNull(),
    path: text("path").notNull(),
    mcpMethod: text("mcp_method"),
    toolName: text("tool_name"),
    targetServerId: uuid("target_server_id"),
    statusCode: smallint("status_code").notNull(),
    durationMs: doublePrecision("duration_ms").notNull(),
    upstreamMs: doublePrecision("upstream_ms"),
    requestBytes: integer("request_bytes"),
    /** Text, not inet: comparing inet is not leakproof, so row-level security would keep it out of the index. */
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    country: text("country"),
    errorCode: text("error_code"),
    metadata: jsonb("metadata").$type<Json>(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: "request_logs_pkey", columns: [table.id, table.requestTime] }),
    index("idx_request_logs_tenant_time").on(table.tenantId, table.requestTime.desc().nullsFirst()),
    index("idx_request_logs_server_performance")
      .on(table.targetServerId, table.durationMs, table.statusCode)
      .where(sql`${table.targetServerId} is not null`),
    index("idx_request_logs_ip_path")
      .on(table.ipAddress, table.path)
      .where(sql`${table.ipAddress} is not null`),
    index("idx_request_routing_composite")
      .on(
        table.path,
        table.method,
        table.targetServerId,
        table.durationMs,
        table.requestTime.desc().nullsFirst(),
      )
      .where(sql`${table.statusCode} < 400`),
    index("idx_tenant_utilization_composite")
      .on(table.tenantId, sql`((${table.requestTime} at time zone 'UTC')::date)`, table.statusCode)
      .where(sql`${table.tenantId} is not null`),
    within("request_logs_status_code_range", table.statusCode, 100, 599),
    within("request_logs_duration_range", table.durationMs, 0, 86_400_000),
    ...tenantOwned(table.tenantId),
  ],
);

export const auditLogs = pgTable(
  "audit_logs",
  {
    id: partitionedId(),
    timestamp: timestamp(),
    tenantId: tenantId(),
    userId: text("user_id"),
    apiKeyId: uuid("api_key_id"),
    sessionId: text("session_id"),
    impersonatorId: text("impersonator_id"),
    action: text("action").notNull(),
    resourceType: text("resource_type").notNull(),
    resourceId: text("resource_id"),
    success: boolean("success").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    requestId: text("request_id"),
    before: jsonb("before").$type<Json>(),
    after: jsonb("after").$type<Json>(),
    details: jsonb("details").$type<Json>(),
    errorMessage: text("error_message"),
    createdAt: createdAt(),
    /** The entry's place in its tenant's chain; a trigger sets it and the two hashes, whatever the insert contains. */
    sequence: bigint("sequence", { mode: "number" }).notNull().default(0),
    previousHash: text("previous_hash").notNull().default(""),
    hash: text("hash").notNull().default(""),
  },
  (table) => [
    primaryKey({ name: "audit_logs_pkey", columns: [table.id, table.timestamp] }),
    index("idx_audit_logs_tenant_time").on(table.tenantId, table.timestamp.desc().nullsFirst()),
    index("idx_audit_logs_action_resource").on(table.action, table.resourceType, table.resourceId),
    index("idx_audit_logs_user_success")
      .on(table.userId, table.success, table.timestamp.desc().nullsFirst())
      .where(sql`${table.userId} is not null`),
    index("idx_security_access_composite")
      .on(table.userId, table.action, table.resourceType, table.success, table.timestamp.desc().nullsFirst())
      .where(sql`${table.userId} is not null`),
    index("audit_logs_chain").on(table.tenantId, table.sequence),
    lengthBetween("audit_logs_action_length", table.action, 1, 200),
    lengthBetween("audit_logs_resource_type_length", table.resourceType, 1, 100),
    ...tenantOwned(table.tenantId),
  ],
);

/** Where each tenant's chain of audit entries ends (null: the system's own). Written by the trigger alone. */
export const auditChains = pgTable(
  "audit_chains",
  {
    id: id(),
    tenantId: tenantId(),
    length: bigint("length", { mode: "number" }).notNull().default(0),
    hash: text("hash").notNull().default(""),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("audit_chains_tenant").on(table.tenantId).nullsNotDistinct(),
    ...tenantOwned(table.tenantId),
  ],
);

export const mcpAuditLogs = pgTable(
  "mcp_audit_logs",
  {
    id: partitionedId(),
    timestamp: timestamp(),
    tenantId: tenantId(),
    userId: text("user_id"),
    apiKeyId: uuid("api_key_id"),
    roles: text("roles").array().notNull().default(sql`'{}'::text[]`),
    method: text("method").notNull(),
    /** The tool, prompt or resource that the method names. */
    target: text("target"),
    serverId: uuid("server_id"),
    /** Sanitized before the event is emitted. */
    params: jsonb("params").$type<Json>(),
    result: jsonb("result").$type<Json>(),
    durationMs: doublePrecision("duration_ms"),
    success: boolean("success").notNull(),
    errorCode: integer("error_code"),
    errorMessage: text("error_message"),
    requestId: text("request_id"),
    /** What the call was charged with; 0 for one that was not sent. */
    cost: integer("cost").notNull().default(0),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: "mcp_audit_logs_pkey", columns: [table.id, table.timestamp] }),
    index("idx_fastmcp_audit_user_time").on(table.userId, table.timestamp.desc().nullsFirst()),
    index("idx_fastmcp_audit_method_success").on(
      table.method,
      table.success,
      table.timestamp.desc().nullsFirst(),
    ),
    index("idx_fastmcp_audit_tenant_performance")
      .on(table.tenantId, table.durationMs, table.timestamp.desc().nullsFirst())
      .where(sql`${table.tenantId} is not null`),
    index("mcp_audit_logs_tenant_time").on(table.tenantId, table.timestamp.desc().nullsFirst()),
    lengthBetween("mcp_audit_logs_method_length", table.method, 1, 200),
    ...tenantOwned(table.tenantId),
  ],
);

export const errorLogs = pgTable(
  "error_logs",
  {
    id: id(),
    timestamp: timestamp(),
    tenantId: tenantId(),
    code: text("code").notNull(),
    message: text("message").notNull(),
    source: text("source").notNull(),
    severity: severity("severity").notNull().default("medium"),
    serverId: uuid("server_id"),
    requestId: text("request_id"),
    /** Groups what is the same error at different times. */
    fingerprint: text("fingerprint"),
    details: jsonb("details").$type<Json>(),
    createdAt: createdAt(),
  },
  (table) => [
    index("error_logs_tenant_time").on(table.tenantId, table.timestamp.desc().nullsFirst()),
    ...tenantOwned(table.tenantId),
  ],
);

export const securityEvents = pgTable(
  "security_events",
  {
    id: id(),
    timestamp: timestamp(),
    tenantId: tenantId(),
    eventType: text("event_type").notNull(),
    severity: severity("severity").notNull(),
    userId: text("user_id"),
    apiKeyId: uuid("api_key_id"),
    serverId: uuid("server_id"),
    ipAddress: text("ip_address"),
    requestId: text("request_id"),
    description: text("description").notNull(),
    details: jsonb("details").$type<Json>(),
    createdAt: createdAt(),
  },
  (table) => [
    index("idx_security_events_tenant_time").on(table.tenantId, table.timestamp.desc().nullsFirst()),
    lengthBetween("security_events_type_length", table.eventType, 1, 100),
    ...tenantOwned(table.tenantId),
  ],
);

export const systemEvents = pgTable(
  "system_events",
  {
    id: id(),
    timestamp: timestamp(),
    tenantId: tenantId(),
    eventType: text("event_type").notNull(),
    source: text("source").notNull(),
    severity: severity("severity").notNull().default("info"),
    serverId: uuid("server_id"),
    message: text("message").notNull(),
    details: jsonb("details").$type<Json>(),
    createdAt: createdAt(),
  },
  (table) => [
    index("system_events_tenant_time").on(table.tenantId, table.timestamp.desc().nullsFirst()),
    lengthBetween("system_events_type_length", table.eventType, 1, 100),
    ...tenantOwned(table.tenantId),
  ],
);
