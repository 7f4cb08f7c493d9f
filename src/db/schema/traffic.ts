/** How traffic is steered, limited and protected, and what the Durable Objects report of it. */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  pgTable,
  text,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import {
  atLeast,
  createdAt,
  id,
  jsonb,
  lengthBetween,
  moment,
  tenantOwned,
  tenantOwnedOrShared,
  updatedAt,
  within,
} from "./columns.ts";
import { balancingStrategy, breakerState, limitSubject, poolKind } from "./enums.ts";
import { byUser } from "./identity.ts";
import { ofServer } from "./registry.ts";
import { ownedBy, ownedOrShared } from "./tenants.ts";

type Json = Record<string, unknown>;

export const routingRules = pgTable(
  "routing_rules",
  {
    id: id(),
    tenantId: ownedBy(),
    name: text("name").notNull(),
    description: text("description"),
    conditions: jsonb("conditions").$type<Json>().notNull().default({}),
    /** Ids of servers of this tenant; one that no longer exists is passed over. */
    targetServers: uuid("target_servers").array().notNull(),
    loadBalancingStrategy: balancingStrategy("load_balancing_strategy").notNull().default("round_robin"),
    strategyOptions: jsonb("strategy_options").$type<Json>().notNull().default({}),
    priority: integer("priority").notNull().default(100),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("idx_routing_rules_tenant_active").on(table.tenantId, table.isActive, table.priority),
    unique("routing_rules_tenant_name").on(table.tenantId, table.name),
    lengthBetween("routing_rules_name_length", table.name, 1, 200),
    check("routing_rules_has_targets", sql`cardinality(${table.targetServers}) >= 1`),
    within("routing_rules_priority_range", table.priority, 0, 1_000_000),
    ...tenantOwned(table.tenantId),
  ],
);

export const rateLimitConfigs = pgTable(
  "rate_limit_configs",
  {
    id: id(),
    tenantId: ownedOrShared(),
    subjectType: limitSubject("subject_type").notNull(),
    /** A role, user or key; null: every subject of the type. */
    subjectId: text("subject_id"),
    /** Calls to this server, or to its tool with this name; null: not limited to one. */
    serverId: uuid("server_id"),
    toolName: text("tool_name"),
    limitCount: integer("limit_count").notNull(),
    windowSeconds: integer("window_seconds").notNull().default(60),
    burstFactor: doublePrecision("burst_factor").notNull().default(1),
    isActive: boolean("is_active").notNull().default(true),
    createdBy: byUser("created_by"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("rate_limit_configs_subject")
      .on(
        table.tenantId,
        table.subjectType,
        table.subjectId,
        table.serverId,
        table.toolName,
        table.windowSeconds,
      )
      .nullsNotDistinct(),
    ofServer("rate_limit_configs_server", table),
    check(
      "rate_limit_configs_tool_of_server",
      sql`${table.toolName} is null or ${table.serverId} is not null`,
    ),
    atLeast("rate_limit_configs_limit_positive", table.limitCount, 0),
    within("rate_limit_configs_window_range", table.windowSeconds, 1, 86_400),
    within("rate_limit_configs_burst_range", table.burstFactor, 1, 100),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

export const circuitBreakers = pgTable(
  "circuit_breakers",
  {
    id: id(),
    tenantId: ownedBy(),
    serverId: uuid("server_id").notNull(),
    state: breakerState("state").notNull().default("closed"),
    /** Of the calls that led to the last transition. */
    failureCount: integer("failure_count").notNull().default(0),
    successCount: integer("success_count").notNull().default(0),
    slowCount: integer("slow_count").notNull().default(0),
    /** How often it opened in a row; the open time grows with it. */
    consecutiveOpens: integer("consecutive_opens").notNull().default(0),
    openedAt: moment("opened_at"),
    nextAttemptAt: moment("next_attempt_at"),
    lastTransitionAt: moment("last_transition_at"),
    /** Held open or closed by an admin. */
    isForced: boolean("is_forced").notNull().default(false),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("circuit_breakers_server", table),
    unique("circuit_breakers_tenant_server").on(table.tenantId, table.serverId),
    atLeast("circuit_breakers_failures_positive", table.failureCount, 0),
    atLeast("circuit_breakers_successes_positive", table.successCount, 0),
    ...tenantOwned(table.tenantId),
  ],
);

export const circuitBreakerTransitions = pgTable(
  "circuit_breaker_transitions",
  {
    id: id(),
    tenantId: ownedBy(),
    serverId: uuid("server_id").notNull(),
    fromState: breakerState("from_state").notNull(),
    toState: breakerState("to_state").notNull(),
    reason: text("reason").notNull(),
    actorId: byUser("actor_id"),
    transitionedAt: moment("transitioned_at").notNull().defaultNow(),
    createdAt: createdAt(),
  },
  (table) => [
    ofServer("circuit_breaker_transitions_server", table),
    index("circuit_breaker_transitions_server_time").on(
      table.tenantId,
      table.serverId,
      table.transitionedAt.desc().nullsFirst(),
    ),
    check("circuit_breaker_transitions_changes", sql`${table.fromState} <> ${table.toState}`),
    ...tenantOwned(table.tenantId),
  ],
);

export const connectionPools = pgTable(
  "connection_pools",
  {
    id: id(),
    tenantId: ownedOrShared(),
    kind: poolKind("kind").notNull(),
    /** "main", "read", "write", "analytics", or the upstream's name. */
    name: text("name").notNull(),
    serverId: uuid("server_id"),
    sampledAt: moment("sampled_at").notNull().defaultNow(),
    activeConnections: integer("active_connections").notNull().default(0),
    idleConnections: integer("idle_connections").notNull().default(0),
    waitingRequests: integer("waiting_requests").notNull().default(0),
    maxConnections: integer("max_connections"),
    queryCount: bigint("query_count", { mode: "number" }).notNull().default(0),
    errorCount: bigint("error_count", { mode: "number" }).notNull().default(0),
    avgQueryMs: doublePrecision("avg_query_ms"),
    p95QueryMs: doublePrecision("p95_query_ms"),
    details: jsonb("details").$type<Json>(),
    createdAt: createdAt(),
  },
  (table) => [
    ofServer("connection_pools_server", table),
    index("connection_pools_name_time").on(table.kind, table.name, table.sampledAt.desc().nullsFirst()),
    atLeast("connection_pools_active_positive", table.activeConnections, 0),
    ...tenantOwnedOrShared(table.tenantId),
  ],
);

export const requestQueues = pgTable(
  "request_queues",
  {
    id: id(),
    tenantId: ownedBy(),
    serverId: uuid("server_id").notNull(),
    isEnabled: boolean("is_enabled").notNull().default(true),
    maxSize: integer("max_size").notNull().default(100),
    maxWaitMs: integer("max_wait_ms").notNull().default(10_000),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("request_queues_server", table),
    unique("request_queues_tenant_server").on(table.tenantId, table.serverId),
    within("request_queues_max_size_range", table.maxSize, 0, 100_000),
    within("request_queues_max_wait_range", table.maxWaitMs, 0, 600_000),
    ...tenantOwned(table.tenantId),
  ],
);
