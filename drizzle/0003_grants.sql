-- What the two roles may do at all; which rows they may do it to is the policies' business. Nothing is granted by
-- default: a table that is not named here is out of reach, and so is every partition except through its parent.
GRANT SELECT, INSERT, UPDATE, DELETE ON
  tenant_members, tenant_invitations,
  mcp_servers, server_tools, server_resources, server_prompts,
  api_keys, legacy_api_keys, server_access_controls, ip_rules,
  routing_rules, rate_limit_configs, circuit_breakers, request_queues,
  system_configs, feature_flags, maintenance_windows, system_announcements, announcement_acknowledgements,
  performance_alerts, alert_events, data_retention_policies
TO gateway_runtime, gateway_system;
--> statement-breakpoint
-- Records: added, never changed. Retention goes through gateway_drop_partitions and its like.
GRANT SELECT, INSERT ON
  request_logs, audit_logs, mcp_audit_logs, error_logs, security_events, system_events,
  server_metrics, server_health_checks, connection_pools, circuit_breaker_transitions, system_config_history
TO gateway_runtime, gateway_system;
--> statement-breakpoint
-- A tenant reads and edits itself, but neither its status nor its weight nor its plan.
GRANT SELECT, UPDATE (name, logo, settings, time_zone, metadata, updated_at) ON tenants TO gateway_runtime;
--> statement-breakpoint
-- Inside a tenant people are read, and never their secrets (session tokens are such).
GRANT SELECT ON "user" TO gateway_runtime;
--> statement-breakpoint
GRANT SELECT (id, user_id, expires_at, ip_address, user_agent, impersonated_by, tenant_id, is_active, last_activity,
  created_at, updated_at) ON session TO gateway_runtime;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON
  tenants, "user", session, account, verification, two_factor,
  jwks, oauth_client, oauth_resource, oauth_client_resource, oauth_refresh_token, oauth_access_token, oauth_consent,
  oauth_client_assertion, materialized_views
TO gateway_system;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_ensure_partitions(timestamptz, timestamptz) FROM PUBLIC;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_drop_partitions(text, timestamptz) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_ensure_partitions(timestamptz, timestamptz) TO gateway_system;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_drop_partitions(text, timestamptz) TO gateway_system;
