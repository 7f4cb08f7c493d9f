-- drizzle-kit cannot say PARTITION BY; the five time series of the previous migration had it added by hand. Here is
-- what makes and drops their partitions. Both functions run as the owner, because the Worker's roles may not alter
-- tables, and therefore touch only the tables that this list names.
CREATE FUNCTION gateway_partitioned_tables()
RETURNS TABLE (table_name text, step text)
LANGUAGE sql IMMUTABLE
AS $$
  VALUES
    ('request_logs', 'week'),
    ('mcp_audit_logs', 'week'),
    ('server_metrics', 'week'),
    ('server_health_checks', 'week'),
    -- kept for years, searched by tenant: fewer, larger partitions
    ('audit_logs', 'month')
$$;
--> statement-breakpoint
-- Makes every missing partition between two moments; called ahead of time by cron. Rows that arrived before their
-- partition existed wait in the default partition and are moved, so nothing is ever refused or lost.
CREATE FUNCTION gateway_ensure_partitions(
  p_from timestamptz DEFAULT now(),
  p_to timestamptz DEFAULT now() + interval '8 weeks'
) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
  parent record;
  key_column text;
  lower_bound timestamptz;
  upper_bound timestamptz;
  partition_name text;
  made integer := 0;
BEGIN
  IF p_to - p_from > interval '20 years' THEN
    RAISE EXCEPTION 'refusing to make partitions for more than 20 years at once';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('gateway_partitions'));
  FOR parent IN SELECT * FROM gateway_partitioned_tables() LOOP
    SELECT a.attname INTO key_column
      FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
     WHERE p.partrelid = parent.table_name::regclass;
    lower_bound := date_trunc(parent.step, p_from);
    WHILE lower_bound < p_to LOOP
      upper_bound := lower_bound + ('1 ' || parent.step)::interval;
      partition_name := format('%s_p%s', parent.table_name, to_char(lower_bound, 'YYYYMMDD'));
      IF to_regclass(format('public.%I', partition_name)) IS NULL THEN
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
          partition_name, parent.table_name);
        EXECUTE format(
          'WITH moved AS (DELETE FROM public.%I WHERE %I >= $1 AND %I < $2 RETURNING *) INSERT INTO public.%I SELECT * FROM moved',
          parent.table_name || '_default', key_column, key_column, partition_name) USING lower_bound, upper_bound;
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
          parent.table_name, partition_name, lower_bound, upper_bound);
        -- Reached only through the parent, whose policies then hold; this is for whoever is granted it by mistake.
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', partition_name);
        made := made + 1;
      END IF;
      lower_bound := upper_bound;
    END LOOP;
  END LOOP;
  RETURN made;
END
$$;
--> statement-breakpoint
-- Retention: drops the partitions of one table that hold only rows older than a moment, and says which.
CREATE FUNCTION gateway_drop_partitions(p_table text, p_before timestamptz)
RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
  partition_name text;
BEGIN
  IF NOT EXISTS (SELECT FROM gateway_partitioned_tables() t WHERE t.table_name = p_table) THEN
    RAISE EXCEPTION '% is not a partitioned table of the gateway', p_table;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('gateway_partitions'));
  FOR partition_name IN
    SELECT c.relname
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = format('public.%I', p_table)::regclass
       AND substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz <= p_before
     ORDER BY c.relname
  LOOP
    EXECUTE format('DROP TABLE public.%I', partition_name);
    RETURN NEXT partition_name;
  END LOOP;
END
$$;
--> statement-breakpoint
CREATE TABLE request_logs_default PARTITION OF request_logs DEFAULT;
--> statement-breakpoint
CREATE TABLE audit_logs_default PARTITION OF audit_logs DEFAULT;
--> statement-breakpoint
CREATE TABLE mcp_audit_logs_default PARTITION OF mcp_audit_logs DEFAULT;
--> statement-breakpoint
CREATE TABLE server_metrics_default PARTITION OF server_metrics DEFAULT;
--> statement-breakpoint
CREATE TABLE server_health_checks_default PARTITION OF server_health_checks DEFAULT;
--> statement-breakpoint
ALTER TABLE request_logs_default ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE audit_logs_default ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE mcp_audit_logs_default ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE server_metrics_default ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE server_health_checks_default ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
SELECT gateway_ensure_partitions(now() - interval '5 weeks', now() + interval '8 weeks');
