ALTER TYPE "public"."access_subject" ADD VALUE 'group';--> statement-breakpoint
ALTER TYPE "public"."limit_subject" ADD VALUE 'group';--> statement-breakpoint
-- An API key with its owner's standing and groups, and its tenant's rows unless the isolate has them already (`p_known`): one round
-- trip for the first call of a tenant. The key is looked up in the system's role, its tenant is read in the tenant's.
CREATE OR REPLACE FUNCTION gateway_load_key(p_key uuid, p_known uuid[], p_settings text[]) RETURNS json
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  v_found json;
  v_tenant uuid;
  v_is_usable boolean;
BEGIN
  SELECT json_build_object(
           'key', json_build_object('id', k.id, 'tenantId', k.tenant_id, 'userId', k.user_id, 'salt', k.salt,
             'keyHash', k.key_hash, 'scopes', k.scopes, 'connectServer', k.connect_server,
             'rateLimitPerHour', k.rate_limit_per_hour, 'rateLimitPerDay', k.rate_limit_per_day, 'ipAllowlist', k.ip_allowlist, 'expiresAt', k.expires_at,
             'isActive', k.is_active, 'revokedAt', k.revoked_at),
           'tenantStatus', t.status,
           'role', m.role,
           -- Those that have not expired; of the others the expiry decides at each request.
           'groups', (SELECT json_agg(json_build_object('id', g.group_id, 'expiresAt', g.expires_at))
                        FROM group_members g
                       WHERE g.tenant_id = k.tenant_id AND g.user_id = k.user_id
                         AND (g.expires_at IS NULL OR g.expires_at > now())),
           'owner', CASE WHEN u.id IS NOT NULL THEN json_build_object(
             'isActive', u.is_active, 'banned', u.banned, 'banExpires', u.ban_expires) END),
         k.tenant_id,
         k.is_active AND k.revoked_at IS NULL AND t.status = 'active'
    INTO v_found, v_tenant, v_is_usable
    FROM api_keys k
    JOIN tenants t ON t.id = k.tenant_id
    LEFT JOIN "user" u ON u.id = k.user_id
    LEFT JOIN tenant_members m ON m.tenant_id = k.tenant_id AND m.user_id = k.user_id
   WHERE k.id = p_key;
  IF v_found IS NULL OR NOT v_is_usable OR v_tenant = ANY (p_known) THEN
    RETURN json_build_object('found', v_found);
  END IF;
  PERFORM set_config('app.tenant_id', v_tenant::text, true), set_config('role', 'gateway_runtime', true);
  RETURN json_build_object('found', v_found, 'loaded', gateway_load_tenant(v_tenant, p_settings));
END
$$;
