-- Reports that the UI, the API and an operator with psql share. All run with the caller's rights: inside a tenant they
-- tell of that tenant, outside of all.
CREATE FUNCTION get_server_health_summary()
RETURNS TABLE (
  total_servers bigint,
  healthy_servers bigint,
  unhealthy_servers bigint,
  degraded_servers bigint,
  avg_response_time double precision
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT count(*),
         count(*) FILTER (WHERE health_status = 'healthy'),
         count(*) FILTER (WHERE health_status = 'unhealthy'),
         count(*) FILTER (WHERE health_status = 'degraded'),
         avg(avg_response_time)
    FROM mcp_servers
$$;
--> statement-breakpoint
CREATE FUNCTION get_request_performance_summary(p_hours integer DEFAULT 24)
RETURNS TABLE (
  total_requests bigint,
  successful_requests bigint,
  error_requests bigint,
  avg_duration_ms double precision,
  p50_duration_ms double precision,
  p95_duration_ms double precision,
  p99_duration_ms double precision
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT count(*),
         count(*) FILTER (WHERE status_code < 400),
         count(*) FILTER (WHERE status_code >= 400),
         avg(duration_ms),
         percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms),
         percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms),
         percentile_cont(0.99) WITHIN GROUP (ORDER BY duration_ms)
    FROM request_logs
   WHERE request_time >= now() - make_interval(hours => p_hours)
$$;
--> statement-breakpoint
CREATE FUNCTION get_tenant_usage_summary(p_tenant_id uuid, p_hours integer DEFAULT 24)
RETURNS TABLE (
  total_requests bigint,
  unique_users bigint,
  avg_duration_ms double precision,
  error_rate double precision
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT count(*),
         count(DISTINCT user_id),
         avg(duration_ms),
         coalesce(count(*) FILTER (WHERE status_code >= 400)::double precision / nullif(count(*), 0), 0)
    FROM request_logs
   WHERE tenant_id = p_tenant_id
     AND request_time >= now() - make_interval(hours => p_hours)
$$;
--> statement-breakpoint
-- Partitions count towards the table that they are parts of.
CREATE VIEW database_size_summary WITH (security_invoker = true) AS
  SELECT root.relname::text AS table_name,
         sum(greatest(part.reltuples, 0))::bigint AS estimated_rows,
         sum(pg_table_size(part.oid))::bigint AS data_bytes,
         sum(pg_indexes_size(part.oid))::bigint AS index_bytes,
         sum(pg_total_relation_size(part.oid))::bigint AS total_bytes,
         pg_size_pretty(sum(pg_table_size(part.oid))) AS data_size,
         pg_size_pretty(sum(pg_indexes_size(part.oid))) AS index_size,
         pg_size_pretty(sum(pg_total_relation_size(part.oid))) AS total_size
    FROM pg_class part
    JOIN pg_class root ON root.oid = coalesce(pg_partition_root(part.oid), part.oid)
   WHERE part.relkind IN ('r', 'm') AND part.relnamespace = 'public'::regnamespace
   GROUP BY root.relname
   ORDER BY total_bytes DESC, table_name;
--> statement-breakpoint
CREATE VIEW index_usage_summary WITH (security_invoker = true) AS
  WITH per_index AS (
    SELECT root_table.relname::text AS table_name,
           root_index.relname::text AS index_name,
           sum(stat.idx_scan)::bigint AS scans,
           sum(stat.idx_tup_read)::bigint AS tuples_read,
           sum(stat.idx_tup_fetch)::bigint AS tuples_fetched,
           sum(pg_relation_size(stat.indexrelid))::bigint AS size_bytes
      FROM pg_stat_user_indexes stat
      JOIN pg_class root_index ON root_index.oid = coalesce(pg_partition_root(stat.indexrelid), stat.indexrelid)
      JOIN pg_class root_table ON root_table.oid = coalesce(pg_partition_root(stat.relid), stat.relid)
     WHERE stat.schemaname = 'public'
     GROUP BY root_table.relname, root_index.relname
  )
  SELECT table_name, index_name, scans, tuples_read, tuples_fetched, size_bytes,
         pg_size_pretty(size_bytes) AS index_size,
         CASE WHEN scans = 0 THEN 'Unused' WHEN scans < 100 THEN 'Low usage' ELSE 'Active' END AS usage
    FROM per_index
   ORDER BY scans DESC, size_bytes DESC, index_name;
--> statement-breakpoint
CREATE VIEW performance_monitoring WITH (security_invoker = true) AS
  SELECT 'servers'::text AS metric,
         count(*) AS total,
         count(*) FILTER (WHERE health_status = 'healthy') AS healthy,
         avg(avg_response_time) AS avg_response_time_ms,
         avg(success_rate) AS success_rate
    FROM mcp_servers
  UNION ALL
  SELECT 'requests_last_hour',
         count(*),
         count(*) FILTER (WHERE status_code < 400),
         avg(duration_ms),
         count(*) FILTER (WHERE status_code < 400)::double precision / nullif(count(*), 0)
    FROM request_logs
   WHERE request_time >= now() - interval '1 hour';
--> statement-breakpoint
GRANT SELECT ON database_size_summary, index_usage_summary TO gateway_system;
--> statement-breakpoint
GRANT SELECT ON performance_monitoring TO gateway_runtime, gateway_system;
