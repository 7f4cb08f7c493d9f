CREATE TYPE "public"."binding_subject" AS ENUM('key', 'client', 'group', 'role');--> statement-breakpoint
ALTER TYPE "public"."access_object" ADD VALUE 'toolset';--> statement-breakpoint
CREATE TABLE "toolset_bindings" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"subject_type" "binding_subject" NOT NULL,
	"subject_id" text NOT NULL,
	"toolset_id" uuid NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "toolset_bindings_subject" UNIQUE("tenant_id","subject_type","subject_id"),
	CONSTRAINT "toolset_bindings_subject_id_length" CHECK (char_length("toolset_bindings"."subject_id") between 1 and 2000)
);
--> statement-breakpoint
ALTER TABLE "toolset_bindings" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "toolsets" ADD CONSTRAINT "toolsets_tenant_id_id" UNIQUE("tenant_id","id");--> statement-breakpoint
ALTER TABLE "toolset_bindings" ADD CONSTRAINT "toolset_bindings_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "toolset_bindings" ADD CONSTRAINT "toolset_bindings_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "toolset_bindings" ADD CONSTRAINT "toolset_bindings_toolset" FOREIGN KEY ("tenant_id","toolset_id") REFERENCES "public"."toolsets"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "toolset_bindings_tenant_toolset" ON "toolset_bindings" USING btree ("tenant_id","toolset_id");--> statement-breakpoint
CREATE POLICY "tenant_own" ON "toolset_bindings" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("toolset_bindings"."tenant_id" = (select app_tenant_id())) WITH CHECK ("toolset_bindings"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "toolset_bindings" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON toolset_bindings TO gateway_runtime, gateway_system;--> statement-breakpoint
CREATE OR REPLACE FUNCTION gateway_load_tenant(p_tenant uuid, p_settings text[]) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_tenant json;
  v_is_checked boolean;
BEGIN
  SELECT json_build_object('id', id, 'slug', slug, 'name', name, 'status', status, 'settings', settings,
           'timeZone', time_zone, 'weight', weight, 'planLimits', plan_limits),
         coalesce(settings ->> 'toolChanges', 'allow') <> 'allow'
    INTO v_tenant, v_is_checked
    FROM tenants WHERE id = p_tenant;
  IF v_tenant IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN json_build_object(
    'tenant', v_tenant,
    'servers', (
      SELECT coalesce(json_agg(json_build_object(
               'id', s.id, 'name', s.name, 'title', s.title, 'endpointUrl', s.endpoint_url,
               'transport', s.transport_type, 'healthStatus', s.health_status,
               'protocolVersion', s.protocol_version, 'auth', s.auth_config, 'tags', s.tags, 'weight', s.weight,
               'maxConcurrency', s.max_concurrency, 'region', s.region, 'settings', s.settings,
               'queue', CASE WHEN q.id IS NOT NULL THEN json_build_object(
                 'isEnabled', q.is_enabled, 'maxSize', q.max_size, 'maxWaitMs', q.max_wait_ms) END,
               -- As text, which the isolate parses when the server is called.
               'readOnlyTools', (
                 SELECT json_agg(t.name) FROM server_tools t
                  WHERE t.tenant_id = p_tenant AND t.server_id = s.id
                    AND t.annotations -> 'readOnlyHint' = 'true'::jsonb)::text,
               'withheldTools', (
                 SELECT json_agg(p.name) FROM tool_pins p
                  WHERE p.tenant_id = p_tenant AND p.server_id = s.id AND p.state IS NOT NULL)::text,
               'approved', CASE WHEN v_is_checked THEN (
                 SELECT json_agg(json_build_array(p.name, p.hash)) FROM tool_pins p
                  WHERE p.tenant_id = p_tenant AND p.server_id = s.id)::text END
             ) ORDER BY s.name), '[]')
        FROM mcp_servers s
        LEFT JOIN request_queues q ON q.tenant_id = s.tenant_id AND q.server_id = s.id
       WHERE s.tenant_id = p_tenant AND s.is_active),
    'rules', (
      SELECT coalesce(json_agg(json_build_object(
               'id', id, 'subjectType', subject_type, 'subjectId', subject_id, 'objectType', object_type,
               'serverId', server_id, 'objectPattern', object_pattern, 'effect', effect,
               'validFrom', valid_from, 'validUntil', valid_until, 'daysOfWeek', days_of_week,
               'startTime', start_time, 'endTime', end_time)), '[]')
        FROM server_access_controls WHERE tenant_id = p_tenant AND is_active),
    'windows', (
      SELECT coalesce(json_agg(json_build_object(
               'serverId', server_id, 'title', title, 'startsAt', starts_at, 'endsAt', ends_at,
               'recurrence', recurrence, 'timeZone', time_zone)), '[]')
        FROM maintenance_windows
       WHERE (tenant_id = p_tenant OR tenant_id IS NULL) AND is_active
         AND (recurrence IS NOT NULL OR ends_at > now())),
    'limits', (
      SELECT coalesce(json_agg(json_build_object(
               'tenantId', tenant_id, 'subjectType', subject_type, 'subjectId', subject_id,
               'serverId', server_id, 'toolName', tool_name, 'limitCount', limit_count,
               'windowSeconds', window_seconds, 'burstFactor', burst_factor)), '[]')
        FROM rate_limit_configs WHERE (tenant_id = p_tenant OR tenant_id IS NULL) AND is_active),
    'ipRules', (
      SELECT coalesce(json_agg(json_build_object(
               'kind', kind, 'cidr', cidr, 'reason', reason, 'expiresAt', expires_at)), '[]')
        -- Of bans, the row is the record: the tenant's object enforces them.
        FROM ip_rules WHERE (tenant_id = p_tenant OR tenant_id IS NULL) AND is_active AND NOT is_automatic),
    'routing', (
      SELECT coalesce(json_agg(json_build_object(
               'id', id, 'name', name, 'conditions', conditions, 'targetServers', target_servers,
               'loadBalancingStrategy', load_balancing_strategy, 'strategyOptions', strategy_options,
               'priority', priority) ORDER BY priority), '[]')
        FROM routing_rules WHERE tenant_id = p_tenant AND is_active),
    'values', (
      SELECT coalesce(json_agg(json_build_object('key', key, 'value', value, 'tenantId', tenant_id)), '[]')
        FROM system_configs WHERE (tenant_id = p_tenant OR tenant_id IS NULL) AND key = ANY (p_settings)),
    'flags', (
      SELECT coalesce(json_agg(json_build_object(
               'key', key, 'isEnabled', is_enabled, 'rules', rules, 'percentage', percentage,
               'userIds', user_ids) ORDER BY tenant_id NULLS FIRST), '[]')
        FROM feature_flags WHERE tenant_id = p_tenant OR tenant_id IS NULL),
    'toolsets', (
      SELECT coalesce(json_agg(json_build_object(
               'id', id, 'slug', slug, 'title', title, 'instructions', instructions,
               -- As text, which the isolate parses when the toolset is used.
               'members', members::text, 'overrides', overrides::text) ORDER BY slug), '[]')
        FROM toolsets WHERE tenant_id = p_tenant AND is_active),
    'bindings', (
      SELECT coalesce(json_agg(json_build_object(
               'subjectType', subject_type, 'subjectId', subject_id, 'toolsetId', toolset_id)), '[]')
        FROM toolset_bindings WHERE tenant_id = p_tenant));
END
$$;
