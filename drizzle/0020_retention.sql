GRANT SELECT, INSERT, UPDATE, DELETE ON retention_runs TO gateway_system;
--> statement-breakpoint
-- What retention may touch, and by which time.
CREATE FUNCTION gateway_kept_tables()
RETURNS TABLE (table_name text, time_column text)
LANGUAGE sql IMMUTABLE
AS $$
  VALUES
    ('request_logs', 'request_time'),
    ('audit_logs', 'timestamp'),
    ('mcp_audit_logs', 'timestamp'),
    ('error_logs', 'timestamp'),
    ('security_events', 'timestamp'),
    ('system_events', 'timestamp'),
    ('server_metrics', 'timestamp'),
    ('server_health_checks', 'checked_at'),
    ('connection_pools', 'sampled_at'),
    ('circuit_breaker_transitions', 'transitioned_at'),
    ('feature_flag_evaluations', 'timestamp'),
    ('alert_deliveries', 'created_at')
$$;
--> statement-breakpoint
-- Audit entries that are taken away leave word in the chain that they were of. Their places come with those that entries
-- among them told of, so that what is left of the chain always explains what is not.
CREATE FUNCTION gateway_note_pruned(p_removed text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
  SELECT format($sql$
    islands AS (
      SELECT tenant_id, sequence, sequence - row_number() OVER (PARTITION BY tenant_id ORDER BY sequence) AS island FROM %1$s
    ), places AS (
      SELECT tenant_id, int8range(min(sequence), max(sequence), '[]') AS place FROM islands GROUP BY tenant_id, island
      UNION ALL
      SELECT tenant_id, int8range((told ->> 0)::bigint, (told ->> 1)::bigint, '[]')
        FROM %1$s, jsonb_array_elements(details -> 'places') AS told WHERE action = 'audit-logs.prune'
    ), noted AS (
      INSERT INTO audit_logs (tenant_id, action, resource_type, success, details)
      SELECT tenant_id, 'audit-logs.prune', 'audit_log', true, jsonb_build_object('places',
               (SELECT jsonb_agg(jsonb_build_array(lower(place), upper(place) - 1)) FROM unnest(range_agg(place)) AS place))
        FROM places GROUP BY tenant_id
    )$sql$, p_removed)
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_note_pruned(text) FROM PUBLIC;
--> statement-breakpoint
-- Partitions that hold only rows older than a moment, without those where a keeper still has younger ones (or, kept
-- without end, any). Rows are as many as the statistics say; -1 where there are none yet.
CREATE FUNCTION gateway_old_partitions(p_table text, p_before timestamptz, p_keepers jsonb DEFAULT '[]')
RETURNS TABLE (partition_name text, estimated_rows bigint, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
  old record;
  is_kept boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM gateway_partitioned_tables() t WHERE t.table_name = p_table) THEN
    RAISE EXCEPTION '% is not a partitioned table of the gateway', p_table;
  END IF;
  FOR old IN
    SELECT c.oid, c.relname, c.reltuples::bigint AS tuples, bound.upper FROM pg_inherits i
      JOIN pg_class c ON c.oid = i.inhrelid
      CROSS JOIN LATERAL (SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz AS upper) bound
     WHERE i.inhparent = format('public.%I', p_table)::regclass AND bound.upper <= p_before
     ORDER BY c.relname
  LOOP
    EXECUTE format(
      'SELECT EXISTS (SELECT FROM jsonb_to_recordset($1) AS k (tenant_id uuid, before timestamptz)
        WHERE (k.before IS NULL OR k.before < $2) AND EXISTS (SELECT FROM public.%I p WHERE p.tenant_id = k.tenant_id))',
      old.relname) INTO is_kept USING p_keepers, old.upper;
    IF NOT is_kept THEN
      partition_name := old.relname;
      estimated_rows := old.tuples;
      bytes := pg_total_relation_size(old.oid);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_old_partitions(text, timestamptz, jsonb) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_old_partitions(text, timestamptz, jsonb) TO gateway_system;
--> statement-breakpoint
DROP FUNCTION gateway_drop_partitions(text, timestamptz);
--> statement-breakpoint
-- Drops them, and says which. Writers wait meanwhile, so it does not wait for them for long: the next run tries again.
CREATE FUNCTION gateway_drop_partitions(p_table text, p_before timestamptz, p_keepers jsonb DEFAULT '[]')
RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '3s'
AS $$
DECLARE
  partition_name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('gateway_partitions'));
  IF NOT EXISTS (SELECT FROM gateway_old_partitions(p_table, p_before, p_keepers)) THEN RETURN; END IF;
  -- Before whoever writes holds the end of a chain that this needs too.
  EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', p_table);
  FOR partition_name IN SELECT o.partition_name FROM gateway_old_partitions(p_table, p_before, p_keepers) o LOOP
    IF p_table = 'audit_logs' THEN
      EXECUTE format('WITH %s SELECT', gateway_note_pruned(format('public.%I', partition_name)));
    END IF;
    EXECUTE format('DROP TABLE public.%I', partition_name);
    RETURN NEXT partition_name;
  END LOOP;
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_drop_partitions(text, timestamptz, jsonb) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_drop_partitions(text, timestamptz, jsonb) TO gateway_system;
--> statement-breakpoint
-- Deletes up to so many rows older than a moment: one tenant's, or everybody's but some. Says how many; fewer than asked
-- for means that there are no more. Partition by partition, since a row's address is good within one only.
CREATE FUNCTION gateway_delete_old(p_table text, p_before timestamptz, p_tenant uuid, p_except uuid[], p_most integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
  time_column text;
  part record;
  amount integer;
  total integer := 0;
  whose text := CASE WHEN p_tenant IS NULL THEN '(tenant_id IS NULL OR NOT tenant_id = ANY ($3))' ELSE 'tenant_id = $2' END;
BEGIN
  SELECT t.time_column INTO time_column FROM gateway_kept_tables() t WHERE t.table_name = p_table;
  IF time_column IS NULL THEN RAISE EXCEPTION '% is no table that retention takes from', p_table; END IF;
  PERFORM set_config('gateway.removing_audit', 'on', true);
  FOR part IN
    SELECT c.relname FROM pg_class c
      CROSS JOIN LATERAL (SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''([^'']+)''\)')::timestamptz AS lower) bound
     WHERE (c.oid = format('public.%I', p_table)::regclass AND c.relkind = 'r'
            OR c.oid IN (SELECT relid FROM pg_partition_tree(format('public.%I', p_table)) WHERE isleaf))
       AND (bound.lower IS NULL OR bound.lower < p_before)
     ORDER BY c.relname
  LOOP
    EXECUTE format(
      'WITH removed AS (DELETE FROM public.%1$I WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM public.%1$I WHERE %2$I < $1 AND %3$s LIMIT $4)) RETURNING *)%4$s SELECT count(*) FROM removed',
      part.relname, time_column, whose,
      CASE WHEN p_table = 'audit_logs' THEN ', ' || gateway_note_pruned('removed') ELSE '' END)
      INTO amount USING p_before, p_tenant, p_except, p_most - total;
    total := total + amount;
    EXIT WHEN total >= p_most;
  END LOOP;
  PERFORM set_config('gateway.removing_audit', '', true);
  RETURN total;
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_delete_old(text, timestamptz, uuid, uuid[], integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_delete_old(text, timestamptz, uuid, uuid[], integer) TO gateway_system;
--> statement-breakpoint
-- How many that would be. With the caller's rights: a tenant counts its own.
CREATE FUNCTION gateway_count_old(p_table text, p_before timestamptz, p_tenant uuid, p_except uuid[])
RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  time_column text;
  amount bigint;
  whose text := CASE WHEN p_tenant IS NULL THEN '(tenant_id IS NULL OR NOT tenant_id = ANY ($3))' ELSE 'tenant_id = $2' END;
BEGIN
  SELECT t.time_column INTO time_column FROM gateway_kept_tables() t WHERE t.table_name = p_table;
  IF time_column IS NULL THEN RAISE EXCEPTION '% is no table that retention takes from', p_table; END IF;
  EXECUTE format('SELECT count(*) FROM public.%I WHERE %I < $1 AND %s', p_table, time_column, whose)
    INTO amount USING p_before, p_tenant, p_except;
  RETURN amount;
END
$$;
