-- How the rollups are filled. The triggers run as the owner, since whoever adds to a log need not reach what follows of it.
GRANT SELECT ON request_rollups_minute, request_rollups_hour, request_rollups_day TO gateway_runtime;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON
  request_rollups_minute, request_rollups_hour, request_rollups_day, rollup_pending
TO gateway_system;
--> statement-breakpoint
-- The same bounds as in src/core/analytics/histogram.ts; a test holds one against the other.
CREATE FUNCTION gateway_latency_bounds() RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT ARRAY[
    1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8,
    10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80,
    100, 125, 160, 200, 250, 315, 400, 500, 630, 800,
    1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000,
    10000, 12500, 16000, 20000, 25000, 31500, 40000, 50000, 63000, 80000,
    100000]::double precision[]
$$;
--> statement-breakpoint
CREATE FUNCTION gateway_count_latency(p_counts integer[], p_ms double precision) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
  slot integer;
BEGIN
  IF p_ms IS NOT NULL THEN
    slot := width_bucket(p_ms, gateway_latency_bounds()) + 1;
    p_counts[slot] := p_counts[slot] + 1;
  END IF;
  RETURN p_counts;
END
$$;
--> statement-breakpoint
CREATE FUNCTION gateway_add_histograms(p_one integer[], p_other integer[]) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT ARRAY(
    SELECT coalesce(counts.one, 0) + coalesce(counts.other, 0)
      FROM unnest(p_one, p_other) WITH ORDINALITY AS counts (one, other, slot)
     ORDER BY counts.slot)
$$;
--> statement-breakpoint
CREATE AGGREGATE gateway_histogram(double precision) (
  SFUNC = gateway_count_latency,
  STYPE = integer[],
  INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}'
);
--> statement-breakpoint
CREATE AGGREGATE gateway_sum_histograms(integer[]) (
  SFUNC = gateway_add_histograms,
  STYPE = integer[],
  INITCOND = '{}'
);
--> statement-breakpoint
-- By the door that a request came in.
CREATE FUNCTION gateway_kind_of_path(p_path text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT CASE
    WHEN p_path ~ '^(/t/[^/]+)?/mcp(/|$)' THEN 'mcp'
    WHEN p_path ~ '^/(api|r|metrics)(/|$)' THEN 'rest'
    ELSE 'page'
  END
$$;
--> statement-breakpoint
-- Requests of nobody's tenant are in the log alone: there is nobody whose sums they would be.
CREATE FUNCTION gateway_requests_to_roll_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO rollup_pending
    (log_id, at, of_tenant, kind, server_id, method, user_id, api_key_id, client, failed, error, duration_ms, request_bytes)
  SELECT id, request_time, tenant_id, gateway_kind_of_path(path), target_server_id, mcp_method, user_id, api_key_id,
         client_name, status_code >= 400,
         CASE WHEN status_code >= 400 THEN coalesce(error_code, 'http_' || status_code) END,
         -- A listening stream lasts as long as its client likes.
         CASE WHEN gateway_kind_of_path(path) = 'mcp' AND (method = 'GET' OR mcp_method = 'subscriptions/listen')
           THEN NULL ELSE duration_ms END,
         request_bytes
    FROM added
   WHERE tenant_id IS NOT NULL
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION gateway_calls_to_roll_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO rollup_pending
    (log_id, at, of_tenant, kind, server_id, tool, method, user_id, api_key_id, failed, error, duration_ms)
  SELECT id, timestamp, tenant_id, 'call', server_id, CASE WHEN method = 'tools/call' THEN target END, method,
         user_id, api_key_id, NOT success,
         CASE WHEN NOT success THEN coalesce(error_code::text, 'tool') END,
         CASE WHEN method = 'subscriptions/listen' THEN NULL ELSE duration_ms END
    FROM added
   WHERE tenant_id IS NOT NULL
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_requests_to_roll_up() FROM PUBLIC;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_calls_to_roll_up() FROM PUBLIC;
--> statement-breakpoint
-- What a redelivered event would add again is no new row, and therefore not among `added`.
CREATE TRIGGER request_logs_added AFTER INSERT ON request_logs REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION gateway_requests_to_roll_up();
--> statement-breakpoint
CREATE TRIGGER mcp_audit_logs_added AFTER INSERT ON mcp_audit_logs REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION gateway_calls_to_roll_up();
--> statement-breakpoint
-- Adds up to so many events to whatever they belong to, and says how many there were. All of it in one transaction, so
-- that the three grains, the tools' totals and the servers' averages never disagree.
CREATE FUNCTION gateway_roll_up(p_most integer DEFAULT 50000) RETURNS integer
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
           coalesce(sum(request_bytes), 0) AS request_bytes, gateway_histogram(duration_ms) AS histogram
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
           sum(request_bytes) AS request_bytes, gateway_sum_histograms(histogram) AS histogram
      FROM minutes GROUP BY 1, 2, 3, 4, 5
  ), days AS (
    SELECT tenant_id, kind, dimension, date_trunc('day', at) AS at, member, sum(requests) AS requests,
           sum(errors) AS errors, sum(timed) AS timed, sum(duration_ms) AS duration_ms,
           sum(request_bytes) AS request_bytes, gateway_sum_histograms(histogram) AS histogram
      FROM hours GROUP BY 1, 2, 3, 4, 5
  ), added_minutes AS (
    INSERT INTO request_rollups_minute AS known SELECT * FROM minutes
    ON CONFLICT (tenant_id, kind, dimension, at, member) DO UPDATE SET
      requests = known.requests + excluded.requests, errors = known.errors + excluded.errors,
      timed = known.timed + excluded.timed, duration_ms = known.duration_ms + excluded.duration_ms,
      request_bytes = known.request_bytes + excluded.request_bytes,
      histogram = gateway_add_histograms(known.histogram, excluded.histogram)
  ), added_hours AS (
    INSERT INTO request_rollups_hour AS known SELECT * FROM hours
    ON CONFLICT (tenant_id, kind, dimension, at, member) DO UPDATE SET
      requests = known.requests + excluded.requests, errors = known.errors + excluded.errors,
      timed = known.timed + excluded.timed, duration_ms = known.duration_ms + excluded.duration_ms,
      request_bytes = known.request_bytes + excluded.request_bytes,
      histogram = gateway_add_histograms(known.histogram, excluded.histogram)
  ), added_days AS (
    INSERT INTO request_rollups_day AS known SELECT * FROM days
    ON CONFLICT (tenant_id, kind, dimension, at, member) DO UPDATE SET
      requests = known.requests + excluded.requests, errors = known.errors + excluded.errors,
      timed = known.timed + excluded.timed, duration_ms = known.duration_ms + excluded.duration_ms,
      request_bytes = known.request_bytes + excluded.request_bytes,
      histogram = gateway_add_histograms(known.histogram, excluded.histogram)
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
REVOKE EXECUTE ON FUNCTION gateway_roll_up(integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_roll_up(integer) TO gateway_system;
--> statement-breakpoint
INSERT INTO materialized_views (name, description, refresh_strategy, refresh_interval_seconds) VALUES
  ('request_rollups_minute', 'Traffic by minute; kept for eight days.', 'incremental', 60),
  ('request_rollups_hour', 'Traffic by hour; kept for thirteen months.', 'incremental', 60),
  ('request_rollups_day', 'Traffic by UTC day.', 'incremental', 60);
--> statement-breakpoint
-- What was logged before there were rollups: the triggers' statements, once, over all of it.
INSERT INTO rollup_pending
  (log_id, at, of_tenant, kind, server_id, method, user_id, api_key_id, client, failed, error, duration_ms, request_bytes)
SELECT id, request_time, tenant_id, gateway_kind_of_path(path), target_server_id, mcp_method, user_id, api_key_id,
       client_name, status_code >= 400,
       CASE WHEN status_code >= 400 THEN coalesce(error_code, 'http_' || status_code) END,
       CASE WHEN gateway_kind_of_path(path) = 'mcp' AND (method = 'GET' OR mcp_method = 'subscriptions/listen')
         THEN NULL ELSE duration_ms END,
       request_bytes
  FROM request_logs WHERE tenant_id IS NOT NULL;
--> statement-breakpoint
INSERT INTO rollup_pending
  (log_id, at, of_tenant, kind, server_id, tool, method, user_id, api_key_id, failed, error, duration_ms)
SELECT id, timestamp, tenant_id, 'call', server_id, CASE WHEN method = 'tools/call' THEN target END, method,
       user_id, api_key_id, NOT success,
       CASE WHEN NOT success THEN coalesce(error_code::text, 'tool') END,
       CASE WHEN method = 'subscriptions/listen' THEN NULL ELSE duration_ms END
  FROM mcp_audit_logs WHERE tenant_id IS NOT NULL;
