CREATE TYPE "public"."budget_period" AS ENUM('day', 'month');--> statement-breakpoint
CREATE TYPE "public"."budget_subject" AS ENUM('tenant', 'user', 'key', 'group');--> statement-breakpoint
CREATE TABLE "budget_alerts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"budget_id" uuid NOT NULL,
	"subject_id" text NOT NULL,
	"period_start" timestamp with time zone NOT NULL,
	"period_end" timestamp with time zone NOT NULL,
	"threshold" integer NOT NULL,
	"spent" bigint NOT NULL,
	"amount" bigint NOT NULL,
	"crossed_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budget_alerts_threshold" UNIQUE("budget_id","subject_id","period_start","threshold")
);
--> statement-breakpoint
ALTER TABLE "budget_alerts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "budgets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"tenant_id" uuid NOT NULL,
	"name" text NOT NULL,
	"subject_type" "budget_subject" NOT NULL,
	"subject_id" text,
	"period" "budget_period" NOT NULL,
	"amount" bigint NOT NULL,
	"alert_thresholds" integer[] DEFAULT '{50,80,100}'::integer[] NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budgets_subject" UNIQUE NULLS NOT DISTINCT("tenant_id","subject_type","subject_id","period"),
	CONSTRAINT "budgets_tenant_id_id" UNIQUE("tenant_id","id"),
	CONSTRAINT "budgets_name_length" CHECK (char_length("budgets"."name") between 1 and 200),
	CONSTRAINT "budgets_amount_range" CHECK ("budgets"."amount" between 0 and 1000000000000),
	CONSTRAINT "budgets_tenant_subject" CHECK ("budgets"."subject_type" <> 'tenant' or "budgets"."subject_id" is null)
);
--> statement-breakpoint
ALTER TABLE "budgets" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "mcp_audit_logs" ADD COLUMN "cost" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "server_tools" ADD COLUMN "declared_cost" integer;--> statement-breakpoint
ALTER TABLE "request_rollups_day" ADD COLUMN "cost" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "request_rollups_hour" ADD COLUMN "cost" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "request_rollups_minute" ADD COLUMN "cost" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "rollup_pending" ADD COLUMN "cost" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "budget_alerts" ADD CONSTRAINT "budget_alerts_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budget_alerts" ADD CONSTRAINT "budget_alerts_budget" FOREIGN KEY ("tenant_id","budget_id") REFERENCES "public"."budgets"("tenant_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "budget_alerts_tenant_end" ON "budget_alerts" USING btree ("tenant_id","period_end");--> statement-breakpoint
CREATE POLICY "tenant_own" ON "budget_alerts" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("budget_alerts"."tenant_id" = (select app_tenant_id())) WITH CHECK ("budget_alerts"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "budget_alerts" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "tenant_own" ON "budgets" AS PERMISSIVE FOR ALL TO "gateway_runtime" USING ("budgets"."tenant_id" = (select app_tenant_id())) WITH CHECK ("budgets"."tenant_id" = (select app_tenant_id()));--> statement-breakpoint
CREATE POLICY "system_all" ON "budgets" AS PERMISSIVE FOR ALL TO "gateway_system" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON budgets TO gateway_runtime, gateway_system;--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON budget_alerts TO gateway_system;--> statement-breakpoint
GRANT SELECT ON budget_alerts TO gateway_runtime;--> statement-breakpoint
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
               'declaredCosts', (
                 SELECT json_agg(json_build_array(t.name, t.declared_cost)) FROM server_tools t
                  WHERE t.tenant_id = p_tenant AND t.server_id = s.id AND t.declared_cost IS NOT NULL)::text,
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
    'budgets', (
      SELECT coalesce(json_agg(json_build_object(
               'id', id, 'subjectType', subject_type, 'subjectId', subject_id, 'period', period,
               'amount', amount, 'alertThresholds', alert_thresholds) ORDER BY id), '[]')
        FROM budgets WHERE tenant_id = p_tenant AND is_active),
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
$$;--> statement-breakpoint
CREATE OR REPLACE FUNCTION gateway_calls_to_roll_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO rollup_pending
    (log_id, at, of_tenant, kind, server_id, tool, method, user_id, api_key_id, failed, error, duration_ms, cost)
  SELECT id, timestamp, tenant_id, 'call', server_id, CASE WHEN method = 'tools/call' THEN target END, method,
         user_id, api_key_id, NOT success,
         CASE WHEN NOT success THEN coalesce(error_code::text, 'tool') END,
         CASE WHEN method = 'subscriptions/listen' THEN NULL ELSE duration_ms END,
         cost
    FROM added
   WHERE tenant_id IS NOT NULL
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;--> statement-breakpoint
-- Adds up to so many events to whatever they belong to, and says how many there were. All of it in one transaction, so
-- that the three grains, the tools' totals and the servers' averages never disagree.
CREATE OR REPLACE FUNCTION gateway_roll_up(p_most integer DEFAULT 50000) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
  amount integer;
  servers uuid[];
BEGIN
  -- One at a time: two would meet in the same rows, in any order.
  PERFORM pg_advisory_xact_lock(hashtext('gateway_roll_up'));
  WITH taken AS (
    DELETE FROM rollup_pending WHERE ctid = ANY (ARRAY(SELECT ctid FROM rollup_pending LIMIT p_most))
    RETURNING *
  ), minutes AS MATERIALIZED (
    SELECT of_tenant AS tenant_id, kind, dimension, date_trunc('minute', taken.at) AS at, left(member, 300) AS member,
           count(*) AS requests, count(*) FILTER (WHERE failed) AS errors,
           count(duration_ms) AS timed, coalesce(sum(duration_ms), 0) AS duration_ms,
           coalesce(sum(request_bytes), 0) AS request_bytes, gateway_histogram(duration_ms) AS histogram,
           sum(cost) AS cost
      FROM taken
     CROSS JOIN LATERAL (VALUES
           ('all', ''),
           ('server', server_id::text),
           ('tool', server_id || '/' || tool),
           ('method', method),
           ('user', user_id),
           ('key', api_key_id::text),
           ('client', client),
           ('error', error)) AS members (dimension, member)
     WHERE member IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5
  ), hours AS MATERIALIZED (
    SELECT tenant_id, kind, dimension, date_trunc('hour', at) AS at, member, sum(requests) AS requests,
           sum(errors) AS errors, sum(timed) AS timed, sum(duration_ms) AS duration_ms,
           sum(request_bytes) AS request_bytes, gateway_sum_histograms(histogram) AS histogram,
           sum(cost) AS cost
      FROM minutes GROUP BY 1, 2, 3, 4, 5
  ), days AS (
    SELECT tenant_id, kind, dimension, date_trunc('day', at) AS at, member, sum(requests) AS requests,
           sum(errors) AS errors, sum(timed) AS timed, sum(duration_ms) AS duration_ms,
           sum(request_bytes) AS request_bytes, gateway_sum_histograms(histogram) AS histogram,
           sum(cost) AS cost
      FROM hours GROUP BY 1, 2, 3, 4, 5
  ), added_minutes AS (
    INSERT INTO request_rollups_minute AS known SELECT * FROM minutes
    ON CONFLICT (tenant_id, kind, dimension, at, member) DO UPDATE SET
      requests = known.requests + excluded.requests, errors = known.errors + excluded.errors,
      timed = known.timed + excluded.timed, duration_ms = known.duration_ms + excluded.duration_ms,
      request_bytes = known.request_bytes + excluded.request_bytes,
      histogram = gateway_add_histograms(known.histogram, excluded.histogram), cost = known.cost + excluded.cost
  ), added_hours AS (
    INSERT INTO request_rollups_hour AS known SELECT * FROM hours
    ON CONFLICT (tenant_id, kind, dimension, at, member) DO UPDATE SET
      requests = known.requests + excluded.requests, errors = known.errors + excluded.errors,
      timed = known.timed + excluded.timed, duration_ms = known.duration_ms + excluded.duration_ms,
      request_bytes = known.request_bytes + excluded.request_bytes,
      histogram = gateway_add_histograms(known.histogram, excluded.histogram), cost = known.cost + excluded.cost
  ), added_days AS (
    INSERT INTO request_rollups_day AS known SELECT * FROM days
    ON CONFLICT (tenant_id, kind, dimension, at, member) DO UPDATE SET
      requests = known.requests + excluded.requests, errors = known.errors + excluded.errors,
      timed = known.timed + excluded.timed, duration_ms = known.duration_ms + excluded.duration_ms,
      request_bytes = known.request_bytes + excluded.request_bytes,
      histogram = gateway_add_histograms(known.histogram, excluded.histogram), cost = known.cost + excluded.cost
  ), of_servers AS (
    INSERT INTO server_metrics
      (tenant_id, server_id, timestamp, response_time_ms, p95_response_time_ms, error_rate, request_count, error_count)
    SELECT of_tenant, server_id, date_trunc('minute', at), avg(duration_ms),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms),
           count(*) FILTER (WHERE failed)::double precision / count(*), count(*), count(*) FILTER (WHERE failed)
      FROM taken WHERE kind = 'call' AND server_id IS NOT NULL GROUP BY 1, 2, 3
    RETURNING server_id
  ), of_tools AS (
    SELECT of_tenant, server_id, tool, count(*) AS calls, count(*) FILTER (WHERE NOT failed) AS successes,
           avg(duration_ms) AS duration_ms
      FROM taken WHERE kind = 'call' AND server_id IS NOT NULL AND tool IS NOT NULL GROUP BY 1, 2, 3
  ), added_tools AS (
    UPDATE server_tools AS known SET
      total_calls = known.total_calls + calls,
      success_count = known.success_count + successes,
      avg_execution_time = CASE
        WHEN known.avg_execution_time IS NULL THEN of_tools.duration_ms
        ELSE known.avg_execution_time
          + (coalesce(of_tools.duration_ms, known.avg_execution_time) - known.avg_execution_time)
          * calls / (known.total_calls + calls)
      END
      FROM of_tools
     WHERE known.tenant_id = of_tenant AND known.server_id = of_tools.server_id AND known.name = tool
  )
  SELECT (SELECT count(*) FROM taken), ARRAY(SELECT DISTINCT server_id FROM of_servers) INTO amount, servers;

  -- Of the last day, so that they tell how a server is and not how it once was.
  UPDATE mcp_servers AS known SET
    avg_response_time = coalesce(lately.average, known.avg_response_time),
    success_rate = lately.successes
    FROM (
      SELECT s.id, sum(r.duration_ms) / nullif(sum(r.timed), 0) AS average,
             1 - sum(r.errors)::double precision / sum(r.requests) AS successes
        FROM mcp_servers s
        JOIN request_rollups_hour r ON r.tenant_id = s.tenant_id AND r.kind = 'call' AND r.dimension = 'server'
         AND r.member = s.id::text AND r.at > now() - interval '24 hours'
       WHERE s.id = ANY (servers)
       GROUP BY s.id
    ) AS lately
   WHERE known.id = lately.id;
  RETURN amount;
END
$$;
--> statement-breakpoint
-- Of tools that were discovered before.
UPDATE server_tools SET declared_cost = declared.cost
  FROM (
    SELECT id, (given #>> '{}')::numeric AS cost
      FROM (SELECT id, coalesce(definition -> '_meta' -> 'mcp-registry-gateway/cost', annotations -> 'cost') AS given
              FROM server_tools) AS tools
     WHERE jsonb_typeof(given) = 'number') AS declared
 WHERE declared.id = server_tools.id AND declared.cost BETWEEN 0 AND 1000000 AND declared.cost = trunc(declared.cost);
