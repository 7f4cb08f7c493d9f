-- Entries that are imported or restored bring their place in the chain along. Only a session of the table's owner may do that,
-- who could also change the trigger; the Worker's login is not a member of that role.
CREATE OR REPLACE FUNCTION gateway_chain_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  chain record;
BEGIN
  IF current_setting('gateway.restoring_audit', true) = 'on'
    AND pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = 'public.audit_logs'::regclass), 'MEMBER') THEN
    RETURN NEW;
  END IF;
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
