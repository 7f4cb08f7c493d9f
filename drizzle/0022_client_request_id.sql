ALTER TABLE "request_logs" ADD COLUMN "client_request_id" text;
--> statement-breakpoint
-- A request failed if it was answered with an HTTP error, or if the MCP operation in it failed: a JSON-RPC error and a
-- tool result with `isError` are answered with 200. The same definition as classifyRequest in
-- src/core/analytics/request-outcome.ts; a test compares the two.
CREATE FUNCTION gateway_request_failed(p_status smallint, p_error text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT p_status >= 400 OR p_error IS NOT NULL $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION gateway_requests_to_roll_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO rollup_pending
    (log_id, at, of_tenant, kind, server_id, method, user_id, api_key_id, client, failed, error, duration_ms, request_bytes)
  SELECT id, request_time, tenant_id, gateway_kind_of_path(path), target_server_id, mcp_method, user_id, api_key_id,
         client_name, gateway_request_failed(status_code, error_code),
         CASE WHEN gateway_request_failed(status_code, error_code) THEN coalesce(error_code, 'http_' || status_code) END,
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
