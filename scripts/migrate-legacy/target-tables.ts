// The tables and columns that the migration writes. Their order is the order of the import: a row comes after those it refers to.

interface TargetTable {
  readonly columns: readonly string[];
  /** The time column of a partitioned table, which is part of its primary key. */
  readonly time?: string;
}

const STAMPS = ["created_at", "updated_at"] as const;

export const TARGETS = {
  tenants: { columns: ["id", "name", "slug", "status", "settings", ...STAMPS] },
  user: {
    columns: [
      ...(["id", "name", "email", "email_verified", "image", "username", "role", "tenant_id"] as const),
      ...(["auth_provider", "auth_provider_id", "is_active", "banned", "ban_reason"] as const),
      ...(["ban_expires", "two_factor_enabled", ...STAMPS] as const),
    ],
  },
  tenant_members: { columns: ["id", "tenant_id", "user_id", "role", ...STAMPS] },
  account: {
    columns: [
      ...([
        "id",
        "account_id",
        "provider_id",
        "user_id",
        "access_token",
        "refresh_token",
        "id_token",
      ] as const),
      ...(["access_token_expires_at", "refresh_token_expires_at", "scope", "password", ...STAMPS] as const),
    ],
  },
  mcp_servers: {
    columns: [
      ...(["id", "tenant_id", "name", "title", "description", "endpoint_url", "transport_type"] as const),
      ...(["health_status", "capabilities", "tags", "version", "avg_response_time", "success_rate"] as const),
      ...(["last_health_check", "is_active", ...STAMPS] as const),
    ],
  },
  server_tools: {
    columns: [
      ...(["id", "tenant_id", "server_id", "name", "description", "input_schema", "total_calls"] as const),
      ...(["success_count", "avg_execution_time", "last_seen_at", ...STAMPS] as const),
    ],
  },
  server_resources: {
    columns: [
      ...(["id", "tenant_id", "server_id", "uri_template", "is_template", "name", "description"] as const),
      ...(["mime_type", "size", "last_seen_at", ...STAMPS] as const),
    ],
  },
  legacy_api_keys: {
    columns: [
      ...(["id", "tenant_id", "user_id", "name", "key_hash", "key_prefix", "salt", "scopes"] as const),
      ...(["ip_allowlist", "is_active", "expires_at", "last_used", "total_requests", ...STAMPS] as const),
    ],
  },
  rate_limit_configs: {
    columns: [
      ...(["id", "tenant_id", "subject_type", "subject_id", "limit_count", "window_seconds"] as const),
      ...STAMPS,
    ],
  },
  server_access_controls: {
    columns: [
      ...(["id", "tenant_id", "subject_type", "subject_id", "object_type", "server_id"] as const),
      ...(["object_pattern", "effect", "valid_from", "valid_until", "days_of_week", "start_time"] as const),
      ...(["end_time", "reason", "is_active", ...STAMPS] as const),
    ],
  },
  routing_rules: {
    columns: [
      ...(["id", "tenant_id", "name", "description", "conditions", "target_servers"] as const),
      ...(["load_balancing_strategy", "priority", "is_active", ...STAMPS] as const),
    ],
  },
  circuit_breakers: {
    columns: [
      ...(["id", "tenant_id", "server_id", "state", "failure_count", "success_count"] as const),
      ...(["last_transition_at", ...STAMPS] as const),
    ],
  },
  request_queues: {
    columns: ["id", "tenant_id", "server_id", "is_enabled", "max_size", "max_wait_ms", ...STAMPS],
  },
  connection_pools: {
    columns: [
      ...(["id", "tenant_id", "kind", "name", "server_id", "sampled_at", "active_connections"] as const),
      ...(["idle_connections", "waiting_requests", "max_connections", "error_count", "created_at"] as const),
    ],
  },
  performance_alerts: {
    columns: [
      ...(["id", "tenant_id", "name", "description", "metric", "comparison", "threshold"] as const),
      ...(["for_seconds", "server_id", "is_active", ...STAMPS] as const),
    ],
  },
  data_retention_policies: {
    columns: ["id", "tenant_id", "table_name", "retention_days", "is_active", ...STAMPS],
  },
  system_configs: {
    columns: [
      ...(["id", "tenant_id", "key", "value", "category", "description", "version", "is_runtime"] as const),
      ...(["is_sensitive", ...STAMPS] as const),
    ],
  },
  server_metrics: {
    columns: [
      ...(["id", "tenant_id", "server_id", "timestamp", "response_time_ms", "error_rate"] as const),
      "created_at",
    ],
    time: "timestamp",
  },
  audit_logs: {
    columns: [
      ...(["id", "timestamp", "tenant_id", "user_id", "action", "resource_type", "resource_id"] as const),
      ...(["success", "ip_address", "user_agent", "request_id", "details", "error_message"] as const),
      "created_at",
    ],
    time: "timestamp",
  },
  mcp_audit_logs: {
    columns: [
      ...(["id", "timestamp", "tenant_id", "user_id", "roles", "method", "target", "params"] as const),
      ...(["duration_ms", "success", "error_code", "error_message", "request_id", "created_at"] as const),
    ],
    time: "timestamp",
  },
  request_logs: {
    columns: [
      ...(["id", "request_time", "tenant_id", "user_id", "request_id", "method", "path"] as const),
      ...(["target_server_id", "status_code", "duration_ms", "ip_address"] as const),
      ...(["error_code", "metadata", "created_at"] as const),
    ],
    time: "request_time",
  },
} as const satisfies Record<string, TargetTable>;

export type TargetName = keyof typeof TARGETS;

/** A value as COPY writes it; `json` marks what a jsonb column takes. */
export type Cell =
  | string
  | number
  | boolean
  | null
  | readonly (string | number)[]
  | { readonly json: unknown };

type Cells<T extends TargetName> = Readonly<Record<(typeof TARGETS)[T]["columns"][number], Cell>>;

export interface TargetRow {
  readonly table: TargetName;
  /** In the order of the table's columns; the first is the ID. */
  readonly values: readonly Cell[];
  readonly id: string;
}

export function toTargetRow<T extends TargetName>(
  table: T,
  cells: Cells<T> & { readonly id: string },
): TargetRow {
  const named = new Map<string, Cell>(Object.entries(cells));
  return { table, id: cells.id, values: listColumns(table).map((column) => named.get(column) ?? null) };
}

export function listColumns(table: TargetName): readonly string[] {
  return TARGETS[table].columns;
}

export function timeColumn(table: TargetName): string | undefined {
  const target: TargetTable = TARGETS[table];
  return target.time;
}
