/** The 38 indexes of SPEC.md as the system catalogs describe them: table, columns in order, partial condition. */
export interface ListedIndex {
  table: string;
  columns: string;
  where?: string;
}

const on = (table: string, columns: string, where?: string): ListedIndex =>
  where === undefined ? { table, columns } : { table, columns, where };

export const listedIndexes: Record<string, ListedIndex> = {
  idx_mcp_servers_tenant_status: on("mcp_servers", "tenant_id, health_status"),
  idx_mcp_servers_endpoint_transport: on("mcp_servers", "endpoint_url, transport_type"),
  idx_mcp_servers_health_check_time: on("mcp_servers", "last_health_check", "last_health_check IS NOT NULL"),
  idx_mcp_servers_performance: on(
    "mcp_servers",
    "avg_response_time, success_rate",
    "avg_response_time IS NOT NULL",
  ),
  idx_servers_discovery_composite: on(
    "mcp_servers",
    "health_status, transport_type, avg_response_time",
    "health_status = ANY (ARRAY['healthy'::health_status, 'degraded'::health_status])",
  ),

  idx_server_tools_name_server: on("server_tools", "name, server_id"),
  idx_server_tools_usage_stats: on("server_tools", "total_calls, success_count", "total_calls > 0"),
  idx_tools_discovery_performance: on(
    "server_tools",
    "name, success_count, avg_execution_time, server_id",
    "total_calls > 0",
  ),

  idx_server_resources_uri_server: on("server_resources", "uri_template, server_id"),
  idx_server_resources_mime_type: on("server_resources", "mime_type", "mime_type IS NOT NULL"),

  idx_server_metrics_server_time: on("server_metrics", 'server_id, "timestamp" DESC'),
  idx_server_metrics_performance: on(
    "server_metrics",
    "response_time_ms, error_rate",
    "response_time_ms IS NOT NULL",
  ),

  idx_users_tenant_role: on("user", "tenant_id, role, is_active"),
  idx_users_auth_provider: on("user", "auth_provider, auth_provider_id", "auth_provider IS NOT NULL"),

  idx_sessions_user_active: on("session", "user_id, is_active, expires_at"),
  idx_sessions_activity_time: on("session", "last_activity DESC", "is_active"),

  idx_api_keys_tenant_active: on("api_keys", "tenant_id, is_active"),
  idx_api_keys_expiration: on("api_keys", "expires_at", "expires_at IS NOT NULL AND is_active"),
  idx_api_keys_usage: on("api_keys", "last_used DESC, total_requests", "is_active"),

  idx_audit_logs_tenant_time: on("audit_logs", 'tenant_id, "timestamp" DESC'),
  idx_audit_logs_action_resource: on("audit_logs", "action, resource_type, resource_id"),
  idx_audit_logs_user_success: on("audit_logs", 'user_id, success, "timestamp" DESC', "user_id IS NOT NULL"),
  idx_security_access_composite: on(
    "audit_logs",
    'user_id, action, resource_type, success, "timestamp" DESC',
    "user_id IS NOT NULL",
  ),

  idx_request_logs_tenant_time: on("request_logs", "tenant_id, request_time DESC"),
  idx_request_logs_server_performance: on(
    "request_logs",
    "target_server_id, duration_ms, status_code",
    "target_server_id IS NOT NULL",
  ),
  idx_request_logs_ip_path: on("request_logs", "ip_address, path", "ip_address IS NOT NULL"),
  idx_request_routing_composite: on(
    "request_logs",
    "path, method, target_server_id, duration_ms, request_time DESC",
    "status_code < 400",
  ),
  idx_tenant_utilization_composite: on(
    "request_logs",
    "tenant_id, ((request_time AT TIME ZONE 'UTC'::text)::date), status_code",
    "tenant_id IS NOT NULL",
  ),

  idx_fastmcp_audit_user_time: on("mcp_audit_logs", 'user_id, "timestamp" DESC'),
  idx_fastmcp_audit_method_success: on("mcp_audit_logs", 'method, success, "timestamp" DESC'),
  idx_fastmcp_audit_tenant_performance: on(
    "mcp_audit_logs",
    'tenant_id, duration_ms, "timestamp" DESC',
    "tenant_id IS NOT NULL",
  ),

  idx_routing_rules_tenant_active: on("routing_rules", "tenant_id, is_active, priority"),
  idx_system_configs_category_tenant: on("system_configs", "category, tenant_id"),

  // The five that SPEC.md leaves to choice.
  idx_server_health_checks_server_time: on("server_health_checks", "server_id, checked_at DESC"),
  idx_security_events_tenant_time: on("security_events", 'tenant_id, "timestamp" DESC'),
  idx_tenant_invitations_token: on("tenant_invitations", "token_hash"),
  idx_alert_events_open_tenant: on("alert_events", "tenant_id, opened_at DESC", "resolved_at IS NULL"),
  idx_server_access_controls_subject: on("server_access_controls", "tenant_id, subject_type, subject_id"),
};
