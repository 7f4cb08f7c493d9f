GRANT SELECT ON audit_chains TO gateway_runtime, gateway_system;
--> statement-breakpoint
-- What an entry's hash is of: its place, the hash before it, and every member, as JSON in this order. Whoever wants to
-- reckon it elsewhere writes the array as jsonb does (a space after each comma and colon, keys by length, then bytewise).
CREATE FUNCTION gateway_audit_hash(e audit_logs) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(
    e.sequence, e.previous_hash, e.id, to_char(e.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.tenant_id, e.user_id, e.api_key_id, e.session_id, e.impersonator_id, e.action, e.resource_type, e.resource_id,
    e.success, e.ip_address, e.user_agent, e.request_id, e.before, e.after, e.details, e.error_message
  )::text, 'UTF8')), 'hex')
$$;
--> statement-breakpoint
-- Writers of one tenant take turns from here to the end of their transactions: a chain has one end.
CREATE FUNCTION gateway_chain_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  chain record;
BEGIN
  INSERT INTO audit_chains AS c (tenant_id) VALUES (NEW.tenant_id)
    ON CONFLICT (tenant_id) DO UPDATE SET updated_at = now()
    RETURNING c.id, c.length, c.hash INTO chain;
  NEW.sequence := chain.length + 1;
  NEW.previous_hash := chain.hash;
  -- NEW has the type of a partition's row.
  NEW.hash := gateway_audit_hash(jsonb_populate_record(null::audit_logs, to_jsonb(NEW)));
  UPDATE audit_chains SET length = NEW.sequence, hash = NEW.hash WHERE id = chain.id;
  RETURN NEW;
END
$$;
--> statement-breakpoint
-- What the grants keep from the Worker's roles, this keeps from the owner too. Only the functions of partitions and of
-- retention say that they may take entries away, each for itself.
CREATE FUNCTION gateway_keep_audit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('gateway.removing_audit', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'audit entries are added, never changed or removed' USING ERRCODE = '42501';
END
$$;
--> statement-breakpoint
-- Entries from before there was a chain, in the order of their time.
DO $$
DECLARE
  entry audit_logs;
  tenant uuid;
  place bigint := 0;
  last_hash text := '';
BEGIN
  FOR entry IN SELECT * FROM audit_logs ORDER BY tenant_id, timestamp, id LOOP
    IF place = 0 OR entry.tenant_id IS DISTINCT FROM tenant THEN
      IF place > 0 THEN INSERT INTO audit_chains (tenant_id, length, hash) VALUES (tenant, place, last_hash); END IF;
      tenant := entry.tenant_id;
      place := 0;
      last_hash := '';
    END IF;
    place := place + 1;
    entry.sequence := place;
    entry.previous_hash := last_hash;
    last_hash := gateway_audit_hash(entry);
    UPDATE audit_logs SET sequence = place, previous_hash = entry.previous_hash, hash = last_hash
      WHERE id = entry.id AND timestamp = entry.timestamp;
  END LOOP;
  IF place > 0 THEN INSERT INTO audit_chains (tenant_id, length, hash) VALUES (tenant, place, last_hash); END IF;
END
$$;
--> statement-breakpoint
CREATE TRIGGER audit_logs_chain BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION gateway_chain_audit();
--> statement-breakpoint
CREATE TRIGGER audit_logs_keep BEFORE UPDATE OR DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION gateway_keep_audit();
--> statement-breakpoint
CREATE TRIGGER audit_logs_keep_all BEFORE TRUNCATE ON audit_logs FOR EACH STATEMENT EXECUTE FUNCTION gateway_keep_audit();
--> statement-breakpoint
-- Makes every missing partition between two moments; called ahead of time by cron. Rows that arrived before their
-- partition existed wait in the default partition and are moved, so nothing is ever refused or lost. Audit entries move
-- as they are: a partition gets its triggers when it is attached.
CREATE OR REPLACE FUNCTION gateway_ensure_partitions(
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
  PERFORM set_config('gateway.removing_audit', 'on', true);
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
  PERFORM set_config('gateway.removing_audit', '', true);
  RETURN made;
END
$$;
