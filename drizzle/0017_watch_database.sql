GRANT SELECT, INSERT ON feature_flag_evaluations TO gateway_runtime, gateway_system;
--> statement-breakpoint
-- The database as it is this moment. Others' sessions show their state only to members of pg_monitor, which the owner
-- is and the Worker's role is not; so it runs with the owner's rights, for the system role alone, and gives numbers.
CREATE FUNCTION gateway_sample_database()
RETURNS TABLE (
  active integer,
  idle integer,
  idle_in_transaction integer,
  waiting integer,
  connections integer,
  max_connections integer,
  longest_query_ms double precision,
  longest_transaction_ms double precision,
  commits bigint,
  rollbacks bigint,
  deadlocks bigint,
  temp_bytes bigint,
  blocks_hit bigint,
  blocks_read bigint
)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FILTER (WHERE session.state = 'active')::integer,
         count(*) FILTER (WHERE session.state = 'idle')::integer,
         count(*) FILTER (WHERE session.state LIKE 'idle in transaction%')::integer,
         count(*) FILTER (WHERE session.wait_event_type = 'Lock')::integer,
         count(*)::integer,
         current_setting('max_connections')::integer,
         coalesce(max(extract(epoch FROM clock_timestamp() - session.query_start) * 1000)
           FILTER (WHERE session.state = 'active'), 0)::double precision,
         coalesce(max(extract(epoch FROM clock_timestamp() - session.xact_start) * 1000), 0)::double precision,
         max(totals.xact_commit),
         max(totals.xact_rollback),
         max(totals.deadlocks),
         max(totals.temp_bytes),
         max(totals.blks_hit),
         max(totals.blks_read)
    FROM pg_stat_database totals
    LEFT JOIN pg_stat_activity session
      ON session.datid = totals.datid
     AND session.backend_type = 'client backend'
     AND session.pid <> pg_backend_pid()
   WHERE totals.datname = current_database()
$$;
--> statement-breakpoint
-- What has been running for longer than that. Parameters travel apart from the text; constants in it are left out.
CREATE FUNCTION gateway_slow_queries(p_ms double precision)
RETURNS TABLE (query text, duration_ms double precision, state text, waits_for text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
  SELECT left(regexp_replace(session.query, '''[^'']*''|\m\d+\M', '?', 'g'), 500),
         (extract(epoch FROM clock_timestamp() - session.query_start) * 1000)::double precision AS duration_ms,
         session.state,
         session.wait_event_type || ': ' || session.wait_event
    FROM pg_stat_activity session
   WHERE session.datname = current_database()
     AND session.backend_type = 'client backend'
     AND session.pid <> pg_backend_pid()
     AND (session.state = 'active' OR session.state LIKE 'idle in transaction%')
     AND session.query_start < clock_timestamp() - p_ms * interval '1 millisecond'
   ORDER BY duration_ms DESC
   LIMIT 20
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_sample_database() FROM PUBLIC;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_slow_queries(double precision) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_sample_database(), gateway_slow_queries(double precision) TO gateway_system;
