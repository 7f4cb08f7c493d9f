// Servers, what was discovered on them, and what is configured for them.
import {
  BALANCING_STRATEGIES,
  BREAKER_STATES,
  HEALTH_STATUSES,
  TRANSPORTS,
} from "../../../src/core/enums.ts";
import { RejectedRow, type RowReader, toUuid } from "../row-reader.ts";
import { toTargetRow } from "../target-tables.ts";
import { requireServer, requireTenant, type Transform } from "./transformed.ts";

const MAX_RESPONSE_MS = 86_400_000;

export const transformServer: Transform = (row, references) => {
  const tenantId = requireTenant(row, references);
  const id = row.uuid("id", "mcp_servers");
  const title = row.requiredText("name", 255);
  const name = references.freeName("server", tenantId, toServerName(title), id);
  if (name !== title) row.repairs.add("name: changed to an allowed, free one; kept as the title");
  const transport = row.word("transport_type", TRANSPORTS, undefined);
  const url = row.requiredText("endpoint_url", 500).trim();
  if (!isReachable(url))
    throw new RejectedRow(
      `endpoint_url "${url}" is not an HTTP or WebSocket URL: run the server behind a connector`,
    );
  const server = toTargetRow("mcp_servers", {
    id,
    tenant_id: tenantId,
    name,
    title: name === title ? null : title,
    description: row.text("description", 5000),
    endpoint_url: url,
    transport_type: transport,
    health_status: row.word("health_status", HEALTH_STATUSES, "unknown"),
    capabilities: { json: row.object("capabilities") },
    tags: [...new Set(row.texts("tags").map((tag) => tag.slice(0, 100)))].slice(0, 50),
    version: row.text("version", 50),
    avg_response_time: row.bounded("avg_response_time", 0, MAX_RESPONSE_MS),
    success_rate: readShare(row, "success_rate"),
    last_health_check: row.time("last_health_check"),
    is_active: true,
    ...row.stamps(),
  });
  return { rows: [server], facts: [{ kind: "server", id, tenantId, name }] };
};

export function toServerName(text: string): string {
  const ascii = text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  const name = ascii
    .replaceAll(/[^A-Za-z0-9_.-]+/g, "-")
    .replaceAll(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 100);
  return name === "" ? "server" : name;
}

function isReachable(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && ["http:", "https:", "ws:", "wss:"].includes(parsed.protocol);
}

/** Releases of the old backend stored percentages and shares in the same column. */
function readShare(row: RowReader, column: string): number | null {
  const value = row.number(column);
  if (value === null || (value >= 0 && value <= 1)) return value;
  if (value < 0 || value > 100) {
    row.repairs.add(`${column}: outside of 0 to 100 %, left empty`);
    return null;
  }
  row.repairs.add(`${column}: a percentage, divided by 100`);
  return value / 100;
}

export const transformTool: Transform = (row, references) => {
  const server = requireServer(row, references);
  const total = row.count("total_calls", 0, Number.MAX_SAFE_INTEGER);
  const stamps = row.stamps();
  const schema = row.object("tool_schema");
  const tool = toTargetRow("server_tools", {
    id: row.uuid("id", "server_tools"),
    tenant_id: server.tenantId,
    server_id: server.id,
    name: row.requiredText("name", 255),
    description: row.text("description", 20_000),
    input_schema: { json: readInputSchema(schema) },
    total_calls: total,
    success_count: Math.min(total, row.count("success_count", 0, Number.MAX_SAFE_INTEGER)),
    avg_execution_time: row.bounded("avg_execution_time", 0, MAX_RESPONSE_MS),
    last_seen_at: stamps.updated_at,
    ...stamps,
  });
  return { rows: [tool] };
};

/** The old schema is the input schema itself or the whole definition around it. */
function readInputSchema(schema: Record<string, unknown>): unknown {
  const inner = schema.inputSchema ?? schema.input_schema;
  if (typeof inner === "object" && inner !== null) return inner;
  return schema.type === "object" ? schema : { ...schema, type: "object" };
}

export const transformResource: Transform = (row, references) => {
  const server = requireServer(row, references);
  const uri = row.requiredText("uri_template", 2000);
  const stamps = row.stamps();
  const resource = toTargetRow("server_resources", {
    id: row.uuid("id", "server_resources"),
    tenant_id: server.tenantId,
    server_id: server.id,
    uri_template: uri,
    is_template: /\{[^}]+\}/.test(uri),
    name: row.text("name", 255) ?? uri.slice(0, 255),
    description: row.text("description", 20_000),
    mime_type: row.text("mime_type", 100),
    size: row.bounded("avg_size_bytes", 0, Number.MAX_SAFE_INTEGER),
    last_seen_at: stamps.updated_at,
    ...stamps,
  });
  return { rows: [resource] };
};

export const transformRoutingRule: Transform = (row, references) => {
  const tenantId = requireTenant(row, references);
  const id = row.uuid("id", "routing_rules");
  const named = row.texts("target_servers");
  const targets = named
    .flatMap((oldId) => references.server(oldId) ?? [])
    .filter((server) => server.tenantId === tenantId);
  if (targets.length === 0) throw new RejectedRow("target_servers names no server of the tenant");
  if (targets.length < named.length) row.repairs.add("target_servers: unknown servers left out");
  const { conditions, isComplete } = readConditions(row.object("conditions"));
  if (!isComplete) row.repairs.add("conditions: some are unknown to the gateway; the rule is disabled");
  const name = references.freeName("rule", tenantId, row.requiredText("name", 200), id);
  const rule = toTargetRow("routing_rules", {
    id,
    tenant_id: tenantId,
    name,
    description: row.text("description", 2000),
    conditions: { json: conditions },
    target_servers: [...new Set(targets.map((server) => server.id))],
    load_balancing_strategy: row.word("load_balancing_strategy", BALANCING_STRATEGIES, "round_robin"),
    priority: row.count("priority", 100, 1_000_000),
    // Without its conditions a rule would route more than it did.
    is_active: row.flag("is_active", true) && isComplete,
    ...row.stamps(),
  });
  return { rows: [rule], facts: [{ kind: "rule", id, tenantId, name }] };
};

const CONDITIONS = new Map([
  ["tools", "tools"],
  ["tool", "tools"],
  ["tool_name", "tools"],
  ["methods", "methods"],
  ["method", "methods"],
  ["tags", "tags"],
  ["clients", "clients"],
]);

export function readConditions(old: Record<string, unknown>) {
  const conditions: Record<string, string[]> = {};
  let isComplete = true;
  for (const [key, value] of Object.entries(old)) {
    const name = CONDITIONS.get(key);
    const texts = (Array.isArray(value) ? value : [value]).filter(
      (text) => typeof text === "string" && text !== "",
    );
    if (name === undefined || texts.length === 0) isComplete = false;
    else conditions[name] = [...(conditions[name] ?? []), ...texts];
  }
  return { conditions, isComplete };
}

export const transformBreaker: Transform = (row, references) => {
  const server = requireServer(row, references);
  const breaker = toTargetRow("circuit_breakers", {
    // One for each server: another row of the same server is a duplicate.
    id: toUuid("circuit_breakers", server.id),
    tenant_id: server.tenantId,
    server_id: server.id,
    state: row.word("state", BREAKER_STATES, "closed"),
    failure_count: row.count("failure_count", 0),
    success_count: row.count("success_count", 0),
    last_transition_at: row.time("last_state_change"),
    ...row.stamps(),
  });
  return { rows: [breaker] };
};

export const transformQueue: Transform = (row, references) => {
  const server = requireServer(row, references);
  const queue = toTargetRow("request_queues", {
    id: toUuid("request_queues", server.id),
    tenant_id: server.tenantId,
    server_id: server.id,
    is_enabled: row.flag("is_accepting_requests", true),
    max_size: row.count("max_size", 100, 100_000),
    max_wait_ms: row.count("processing_timeout_ms", 10_000, 600_000),
    ...row.stamps(),
  });
  return { rows: [queue] };
};

export const transformPool: Transform = (row, references) => {
  const server = requireServer(row, references);
  const stamps = row.stamps();
  const pool = toTargetRow("connection_pools", {
    id: row.uuid("id", "connection_pools"),
    tenant_id: server.tenantId,
    kind: "upstream",
    name: row.requiredText("pool_name", 255),
    server_id: server.id,
    sampled_at: stamps.updated_at,
    active_connections: row.count("active_connections", 0),
    idle_connections: row.count("idle_connections", 0),
    waiting_requests: row.count("pending_requests", 0),
    max_connections: row.bounded("max_size", 0, 1_000_000),
    error_count: row.count("connection_errors", 0),
    created_at: stamps.created_at,
  });
  return { rows: [pool] };
};

export const transformMetric: Transform = (row, references) => {
  const server = requireServer(row, references);
  const timestamp = row.eventTime("timestamp", "created_at");
  const metric = toTargetRow("server_metrics", {
    id: row.uuid("id", "server_metrics"),
    tenant_id: server.tenantId,
    server_id: server.id,
    timestamp,
    response_time_ms: row.bounded("response_time_ms", 0, MAX_RESPONSE_MS),
    error_rate: readShare(row, "error_rate"),
    created_at: row.time("created_at") ?? timestamp,
  });
  return { rows: [metric] };
};
