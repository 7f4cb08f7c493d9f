-- Two group roles without login. The Worker's own login role is a member of both (see README, "Deploy"), owns nothing
-- and takes on one of them in each transaction: gateway_runtime inside a tenant, gateway_system outside any.
-- Roles belong to the whole cluster, so another database may have made them already.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['gateway_runtime', 'gateway_system'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- made by somebody else in this moment
    END;
  END LOOP;
END
$$;
--> statement-breakpoint
-- The tenant of this transaction, or null. Null equals nothing, so an unset tenant sees nothing.
CREATE FUNCTION app_tenant_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
--> statement-breakpoint
-- On a cluster where public has been left open to everyone (before PostgreSQL 15).
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO gateway_runtime, gateway_system;
