-- A partition of which somebody needs a few rows used to stay, to be emptied row by row. Now what is needed is copied and
-- the rest dropped with the partition: that costs as much as is kept, and not as much as goes.
DROP FUNCTION gateway_old_partitions(text, timestamptz, jsonb);
--> statement-breakpoint
-- What a keeper keeps of a partition p, as a condition on its rows; the keepers are $1.
CREATE FUNCTION gateway_kept_rows(p_table text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT format('EXISTS (SELECT FROM jsonb_to_recordset($1) AS k (tenant_id uuid, before timestamptz)
    WHERE k.tenant_id = p.tenant_id AND (k.before IS NULL OR p.%I >= k.before))', t.time_column)
    FROM gateway_kept_tables() t WHERE t.table_name = p_table
$$;
--> statement-breakpoint
-- Partitions that hold only rows older than a moment, and of them something that nobody keeps. Rows are as many as the
-- statistics say; -1 where there are none yet.
CREATE FUNCTION gateway_old_partitions(p_table text, p_before timestamptz, p_keepers jsonb DEFAULT '[]')
RETURNS TABLE (partition_name text, lower_bound timestamptz, upper_bound timestamptz, is_kept_in_part boolean, estimated_rows bigint, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
  old record;
  is_dropped_in_part boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM gateway_partitioned_tables() t WHERE t.table_name = p_table) THEN
    RAISE EXCEPTION '% is not a partitioned table of the gateway', p_table;
  END IF;
  FOR old IN
    SELECT c.oid, c.relname, c.reltuples::bigint AS tuples, bound.lower, bound.upper FROM pg_inherits i
      JOIN pg_class c ON c.oid = i.inhrelid
      CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS says) expression
      CROSS JOIN LATERAL (SELECT substring(says FROM 'FROM \(''([^'']+)''\)')::timestamptz AS lower,
                                 substring(says FROM 'TO \(''([^'']+)''\)')::timestamptz AS upper) bound
     WHERE i.inhparent = format('public.%I', p_table)::regclass AND bound.upper <= p_before
     ORDER BY c.relname
  LOOP
    is_kept_in_part := false;
    is_dropped_in_part := true;
    IF p_keepers <> '[]' THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM public.%1$I p WHERE %2$s), EXISTS (SELECT FROM public.%1$I p WHERE NOT %2$s)',
        old.relname, gateway_kept_rows(p_table)) INTO is_kept_in_part, is_dropped_in_part USING p_keepers;
    END IF;
    IF is_dropped_in_part OR NOT is_kept_in_part THEN
      partition_name := old.relname;
      lower_bound := old.lower;
      upper_bound := old.upper;
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
-- Drops them, or puts what is kept of one in its place, and says which; up to so many at a time, as writers wait meanwhile.
-- For them it does not wait for long either: the next run tries again.
DROP FUNCTION gateway_drop_partitions(text, timestamptz, jsonb);
--> statement-breakpoint
CREATE FUNCTION gateway_drop_partitions(p_table text, p_before timestamptz, p_keepers jsonb DEFAULT '[]', p_most integer DEFAULT 1000)
RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '3s'
AS $$
DECLARE
  old record;
  is_locked boolean := false;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('gateway_partitions'));
  FOR old IN SELECT * FROM gateway_old_partitions(p_table, p_before, p_keepers) LIMIT p_most LOOP
    IF old.is_kept_in_part THEN
      -- Only writers of this partition wait for the copy, and it is too old to have any.
      EXECUTE format('LOCK TABLE public.%I IN SHARE MODE', old.partition_name);
      EXECUTE format('CREATE TABLE public.gateway_kept (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', p_table);
      EXECUTE format('INSERT INTO public.gateway_kept SELECT p.* FROM public.%I p WHERE %s', old.partition_name,
        gateway_kept_rows(p_table)) USING p_keepers;
    END IF;
    -- Before whoever writes holds the end of a chain that this needs too.
    IF NOT is_locked THEN
      EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', p_table);
      is_locked := true;
    END IF;
    IF p_table = 'audit_logs' THEN
      EXECUTE format('WITH removed AS (SELECT p.* FROM public.%I p WHERE NOT %s), %s SELECT', old.partition_name,
        gateway_kept_rows(p_table), gateway_note_pruned('removed')) USING p_keepers;
    END IF;
    EXECUTE format('DROP TABLE public.%I', old.partition_name);
    IF old.is_kept_in_part THEN
      EXECUTE format('ALTER TABLE public.gateway_kept RENAME TO %I', old.partition_name);
      EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        p_table, old.partition_name, old.lower_bound, old.upper_bound);
      EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', old.partition_name);
    END IF;
    RETURN NEXT old.partition_name;
  END LOOP;
END
$$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION gateway_drop_partitions(text, timestamptz, jsonb, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gateway_drop_partitions(text, timestamptz, jsonb, integer) TO gateway_system;
