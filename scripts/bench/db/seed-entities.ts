/** Seeds what stands still: tenants, servers and what they offer, people, keys, rules. */
import type { SeedCounts } from "./seed-counts.ts";
import { list, toolNames } from "./seed-functions.ts";

/** Inserts the rows numbered $1 to $2 (bigint, inclusive, from 0); `start` is the beginning of the time series. */
export interface SeedStep {
  table: string;
  rows: number;
  sql: string;
}

/** A fixed permutation: rows of one tenant must not lie side by side in the table, as they would not in real life. */
const shuffled = (total: number) => `(n * 1000003) % ${total}`;

export function entitySteps(c: SeedCounts, start: string): SeedStep[] {
  const days = c.days;
  const end = `(${start} + interval '${days} days')`;
  return [
    {
      table: "tenants",
      rows: c.tenants,
      sql: `insert into tenants (id, name, slug, weight)
        select pg_temp.thing('tenant', n), 'Tenant ' || n, 'tenant-' || n, 1 + n % 5 from generate_series($1::bigint, $2::bigint) n`,
    },
    {
      table: "user",
      rows: c.users,
      sql: `insert into "user" (id, name, email, email_verified, username, role, tenant_id, auth_provider, auth_provider_id, is_active, created_at)
        select pg_temp.thing('user', k)::text, 'Person ' || k, 'person' || k || '@example.com', true, 'person' || k,
          (case when pg_temp.u(k, 1) < 0.03 then 'admin' when pg_temp.u(k, 1) < 0.85 then 'user'
            when pg_temp.u(k, 1) < 0.92 then 'service' else 'readonly' end)::role,
          pg_temp.thing('tenant', pg_temp.owner_of(k, ${c.users})), provider,
          case when provider is not null then (100000000 + k)::text end, pg_temp.u(k, 3) < 0.93,
          ${start} - interval '1 year' * pg_temp.u(k, 4)
        from generate_series($1::bigint, $2::bigint) n, lateral (select ${shuffled(c.users)} as k) i,
          lateral (select (array['github', 'google', 'microsoft', null])[1 + floor(pg_temp.u(k, 2) * 4)::integer] as provider) p`,
    },
    {
      table: "session",
      rows: c.sessions,
      sql: `insert into session (id, token, user_id, expires_at, ip_address, tenant_id, is_active, last_activity, created_at)
        select pg_temp.thing('session', n)::text, md5('token' || n), pg_temp.thing('user', k)::text,
          active_at + interval '7 days', pg_temp.address_of(k),
          pg_temp.thing('tenant', pg_temp.owner_of(k, ${c.users})),
          active_at > ${end} - interval '7 days' and pg_temp.u(n, 12) < 0.9, active_at, active_at - interval '6 hours'
        from generate_series($1::bigint, $2::bigint) n,
          lateral (select floor(power(pg_temp.u(n, 11), 1.3) * ${c.users})::bigint as k) i,
          lateral (select pg_temp.at_day(n * ${days}.0 / ${c.sessions}, ${start}) as active_at) a`,
    },
    {
      table: "mcp_servers",
      rows: c.servers,
      sql: `insert into mcp_servers (id, tenant_id, name, endpoint_url, transport_type, health_status, version, avg_response_time,
          success_rate, last_health_check, region, weight)
        select pg_temp.thing('server', k), pg_temp.thing('tenant', t), pg_temp.server_name(k, k - pg_temp.first_of(t, ${c.servers})),
          'https://s' || k || '.example.com/mcp',
          (case when r < 0.7 then 'http' when r < 0.85 then 'sse' when r < 0.95 then 'websocket' else 'stdio' end)::transport_type,
          (case when h < 0.72 then 'healthy' when h < 0.82 then 'degraded' when h < 0.9 then 'unhealthy'
            when h < 0.97 then 'unknown' else 'maintenance' end)::health_status,
          '1.' || k % 20, case when h < 0.9 or h >= 0.97 then exp(4.2 + 0.9 * pg_temp.z(k, 23)) end,
          case when h < 0.9 or h >= 0.97 then 1 - 0.2 * power(pg_temp.u(k, 24), 6) end,
          case when pg_temp.u(k, 25) < 0.98 then ${end} - interval '1 minute' * 6 * pg_temp.u(k, 26) end,
          pg_temp.pick(${list("eu us ap")}, pg_temp.u(k, 27)), 1 + k % 3
        from generate_series($1::bigint, $2::bigint) n, lateral (select ${shuffled(c.servers)} as k) i,
          lateral (select pg_temp.owner_of(k, ${c.servers}) as t, pg_temp.u(k, 21) as r, pg_temp.u(k, 22) as h) v`,
    },
    {
      table: "server_tools",
      rows: c.tools,
      // The i-th tool of a server comes from the i-th of widening stretches of the list: never twice the same name,
      // and the first names on every fourth server.
      sql: `insert into server_tools (tenant_id, server_id, name, description, input_schema, total_calls, success_count, avg_execution_time)
        select pg_temp.thing('tenant', pg_temp.owner_of(k, ${c.servers})), pg_temp.thing('server', k),
          (${toolNames})[1 + low + floor((high - low) * pg_temp.u(j, 31))::integer],
          'Does what its name states.', '{"type": "object", "properties": {"q": {"type": "string"}}}', calls,
          floor(calls * (1 - 0.3 * power(pg_temp.u(j, 33), 4))), case when calls > 0 then exp(4.5 + pg_temp.z(j, 34)) end
        from generate_series($1::bigint, $2::bigint) n, lateral (select ${shuffled(c.tools)} as j) x,
          lateral (select j / ${perServer(c.tools, c)} as k, j % ${perServer(c.tools, c)} as i,
            case when pg_temp.u(j, 32) < 0.3 then 0 else floor(exp(4 + 2 * pg_temp.z(j, 35))) end::bigint as calls) v,
          lateral (select floor(400 * power(i::float8 / ${perServer(c.tools, c)}, 2))::integer as low,
            floor(400 * power((i + 1)::float8 / ${perServer(c.tools, c)}, 2))::integer as high) stretch`,
    },
    {
      table: "server_resources",
      rows: c.resources,
      sql: `insert into server_resources (tenant_id, server_id, uri_template, name, mime_type)
        select pg_temp.thing('tenant', pg_temp.owner_of(k, ${c.servers})), pg_temp.thing('server', k),
          case when i = 0 then 'docs://readme' else 'file:///shared/' || i || '/' || floor(2000 * pg_temp.u(j, 41)) end,
          'Resource ' || i, case when m < 0.9 then pg_temp.pick(array['text/plain', 'text/markdown', 'application/json', 'text/html', null], m / 0.9)
            else 'application/vnd.example.' || floor(400 * pg_temp.u(j, 43)) end
        from generate_series($1::bigint, $2::bigint) n, lateral (select ${shuffled(c.resources)} as j) x,
          lateral (select j / ${perServer(c.resources, c)} as k, j % ${perServer(c.resources, c)} as i, pg_temp.u(j, 42) as m) v`,
    },
    {
      table: "api_keys",
      rows: c.apiKeys,
      sql: `insert into api_keys (id, tenant_id, user_id, name, key_hash, key_prefix, salt, expires_at, last_used, total_requests, is_active)
        select pg_temp.thing('key', k), pg_temp.thing('tenant', t), pg_temp.thing('user', pg_temp.one_of(t, ${c.users}, pg_temp.u(k, 61)))::text,
          'Key ' || k, md5('hash' || k) || md5('more' || k), 'mcp_' || substr(md5('p' || k), 1, 8), md5('salt' || k),
          case when pg_temp.u(k, 62) < 0.5 then ${end} + interval '1 day' * (400 * pg_temp.u(k, 63) - 40) end,
          case when pg_temp.u(k, 64) < 0.8 then ${end} - interval '1 day' * 90 * power(pg_temp.u(k, 65), 3) end,
          floor(exp(5 + 2 * pg_temp.z(k, 66))), pg_temp.u(k, 67) < 0.8
        from generate_series($1::bigint, $2::bigint) n, lateral (select ${shuffled(c.apiKeys)} as k) i,
          lateral (select pg_temp.owner_of(k, ${c.apiKeys}) as t) v`,
    },
    {
      table: "server_access_controls",
      rows: c.accessControls,
      sql: `insert into server_access_controls (tenant_id, subject_type, subject_id, object_type, object_pattern, effect)
        select pg_temp.thing('tenant', t), kind::access_subject,
          case kind when 'role' then pg_temp.pick(${list("admin user service readonly")}, pg_temp.u(n, 73))
            when 'user' then pg_temp.thing('user', pg_temp.one_of(t, ${c.users}, pg_temp.u(n, 74)))::text
            else pg_temp.thing('key', pg_temp.one_of(t, ${c.apiKeys}, pg_temp.u(n, 75)))::text end,
          'tool', pg_temp.pick(${list("delete_* write_* * run_jobs")}, pg_temp.u(n, 76)), (array['allow', 'deny'])[1 + n % 2]::access_effect
        from generate_series($1::bigint, $2::bigint) n,
          lateral (select pg_temp.any_tenant(pg_temp.u(n, 71)) as t,
            pg_temp.pick(${list("user user user user user user key key role")}, pg_temp.u(n, 72)) as kind) v`,
    },
    {
      table: "routing_rules",
      rows: c.routingRules,
      sql: `insert into routing_rules (tenant_id, name, conditions, target_servers, priority, is_active)
        select pg_temp.thing('tenant', t), 'Rule ' || n, '{"tool": "search_*"}',
          array[pg_temp.thing('server', pg_temp.one_of(t, ${c.servers}, pg_temp.u(n, 82)))], floor(1000 * pg_temp.u(n, 83)), pg_temp.u(n, 84) < 0.6
        from generate_series($1::bigint, $2::bigint) n, lateral (select pg_temp.any_tenant(pg_temp.u(n, 81)) as t) v`,
    },
    {
      table: "tenant_invitations",
      rows: c.invitations,
      sql: `insert into tenant_invitations (tenant_id, email, token_hash, expires_at)
        select pg_temp.thing('tenant', pg_temp.any_tenant(pg_temp.u(n, 91))), 'guest' || n || '@example.com',
          md5('invitation' || n) || md5('token' || n), ${end} + interval '1 day' * (n % 14 - 7)
        from generate_series($1::bigint, $2::bigint) n`,
    },
    {
      table: "system_configs",
      rows: c.configs,
      sql: `insert into system_configs (tenant_id, key, value, category)
        select case when n >= 60 then pg_temp.thing('tenant', n % ${c.tenants}) end, 'setting.' || n, to_jsonb(n),
          pg_temp.pick(${list("limits routing health security logging retention alerts ui cache general")}, pg_temp.u(n, 95))
        from generate_series($1::bigint, $2::bigint) n`,
    },
  ];
}

const perServer = (things: number, c: SeedCounts) => Math.max(1, Math.ceil(things / c.servers));
