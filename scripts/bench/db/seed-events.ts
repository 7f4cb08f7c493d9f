/** Seeds what happened: requests, audit, metrics, checks, security events and alerts, in the order of their time. */
import type { SeedCounts } from "./seed-counts.ts";
import type { SeedStep } from "./seed-entities.ts";
import { list, toolNames } from "./seed-functions.ts";

const status = `case when s < 0.93 then 200 when s < 0.955 then 202
  when s < 0.98 then (array[400, 401, 403, 404, 429])[1 + n % 5] else (array[500, 502, 503, 504])[1 + n % 4] end`;

const actions =
  list(`session.create session.create session.create session.revoke server.read server.read server.update
  server.create server.delete tool.call tool.call tool.call tool.call tool.approve api_key.create api_key.rotate api_key.revoke
  user.update user.ban config.update access.change`);

/** Row n, its moment, and a tenant with one of its users and servers; each tenant has its busy ones (service accounts). */
function events(c: SeedCounts, rows: number, start: string, salt: number): string {
  return `generate_series($1::bigint, $2::bigint) n,
    lateral (select pg_temp.at_day((n + pg_temp.u(n, ${salt})) * ${c.days}.0 / ${rows}, ${start}) as moment,
      pg_temp.any_tenant(pg_temp.u(n, ${salt + 1})) as t offset 0) e,
    lateral (select pg_temp.one_of(t, ${c.servers}, power(pg_temp.u(n, ${salt + 2}), 2)) as k,
      pg_temp.one_of(t, ${c.users}, power(pg_temp.u(n, ${salt + 3}), 3)) as person, pg_temp.u(n, ${salt + 4}) as s offset 0) w,
    lateral (select pg_temp.owner_of(k, ${c.servers}) as tenant offset 0) x`;
}

export function eventSteps(c: SeedCounts, start: string): SeedStep[] {
  return [
    {
      table: "request_logs",
      rows: c.requestLogs,
      sql: `insert into request_logs (id, request_time, tenant_id, user_id, method, path, mcp_method, tool_name, target_server_id,
          status_code, duration_ms, request_bytes, ip_address, user_agent, request_id)
        select pg_temp.event_id('request', n, moment), moment, pg_temp.thing('tenant', tenant), pg_temp.thing('user', person)::text,
          case when way < 0.9 then 'POST' else 'GET' end,
          case when way < 0.35 then '/mcp' when way < 0.9 then '/mcp/' || pg_temp.server_name(k, k - pg_temp.first_of(tenant, ${c.servers}))
            else '/api/v1/' || pg_temp.pick(${list("servers tools keys audit requests")}, pg_temp.u(n, 118)) end,
          case when way < 0.7 then 'tools/call' when way < 0.9 then 'tools/list' end,
          case when way < 0.7 then (${toolNames})[1 + floor(400 * power(pg_temp.u(n, 117), 2))::integer] end,
          case when way < 0.9 then pg_temp.thing('server', k) end, ${status}, exp(4.2 + 0.9 * pg_temp.z(n, 115) + 0.5 * pg_temp.z(k, 116)),
          floor(300 * (1 + pg_temp.u(n, 119))),
          case when pg_temp.u(n, 121) < 0.01 then '203.0.113.' || n % 20 else pg_temp.address_of(person * 3 + n % 3) end,
          'mcp-client/1.0', 'req-' || n
        from ${events(c, c.requestLogs, start, 100)}, lateral (select pg_temp.u(n, 114) as way) y`,
    },
    {
      table: "audit_logs",
      rows: c.auditLogs,
      sql: `insert into audit_logs (id, timestamp, tenant_id, user_id, action, resource_type, resource_id, success, ip_address, request_id, details)
        select pg_temp.event_id('audit', n, moment), moment, pg_temp.thing('tenant', tenant),
          case when pg_temp.u(n, 137) < 0.97 then pg_temp.thing('user', person)::text end, action, split_part(action, '.', 1),
          case when action ~ '^(server|tool|access)' then pg_temp.thing('server', k)::text else pg_temp.thing('user', person)::text end,
          s < 0.96, pg_temp.address_of(person * 3 + n % 3), 'req-' || n, '{"source": "ui"}'
        from ${events(c, c.auditLogs, start, 130)}, lateral (select pg_temp.pick(${actions}, pg_temp.u(n, 138)) as action offset 0) y`,
    },
    {
      table: "mcp_audit_logs",
      rows: c.mcpAuditLogs,
      sql: `insert into mcp_audit_logs (id, timestamp, tenant_id, user_id, roles, method, target, server_id, params, duration_ms, success, request_id)
        select pg_temp.event_id('mcp', n, moment), moment, pg_temp.thing('tenant', tenant), pg_temp.thing('user', person)::text, '{user}',
          case when m < 0.7 then 'tools/call' when m < 0.85 then 'tools/list' when m < 0.93 then 'initialize'
            when m < 0.97 then 'resources/read' when m < 0.99 then 'prompts/get' else 'completion/complete' end,
          case when m < 0.7 then (${toolNames})[1 + floor(400 * power(pg_temp.u(n, 158), 2))::integer] end,
          pg_temp.thing('server', k), '{"arguments": {"q": "…"}}', exp(4 + pg_temp.z(n, 157)), s < 0.96, 'req-' || n
        from ${events(c, c.mcpAuditLogs, start, 150)}, lateral (select pg_temp.u(n, 159) as m) y`,
    },
    {
      table: "server_metrics",
      rows: c.serverMetrics,
      sql: `insert into server_metrics (id, tenant_id, server_id, timestamp, response_time_ms, p95_response_time_ms, error_rate, request_count, error_count)
        select pg_temp.event_id('metric', n, moment), pg_temp.thing('tenant', tenant), pg_temp.thing('server', k), moment,
          ms, ms * 2.5, power(pg_temp.u(n, 178), 8), 100, floor(100 * power(pg_temp.u(n, 178), 8))
        from ${events(c, c.serverMetrics, start, 170)},
          lateral (select case when s < 0.97 then exp(4.2 + 0.9 * pg_temp.z(n, 177)) end as ms) y`,
    },
    {
      table: "server_health_checks",
      rows: c.healthChecks,
      sql: `insert into server_health_checks (id, tenant_id, server_id, checked_at, status, response_time_ms, probe)
        select pg_temp.event_id('check', n, moment), pg_temp.thing('tenant', tenant), pg_temp.thing('server', k), moment,
          (case when s < 0.9 then 'healthy' when s < 0.96 then 'degraded' else 'unhealthy' end)::health_status,
          exp(4 + pg_temp.z(n, 197)), 'ping'
        from ${events(c, c.healthChecks, start, 190)}`,
    },
    {
      table: "security_events",
      rows: c.securityEvents,
      sql: `insert into security_events (timestamp, tenant_id, event_type, severity, user_id, ip_address, description)
        select moment, pg_temp.thing('tenant', tenant), pg_temp.pick(${list("login.failed login.failed key.invalid ip.banned access.denied")}, s),
          'medium', pg_temp.thing('user', person)::text, pg_temp.address_of(person), 'Seen at the edge'
        from ${events(c, c.securityEvents, start, 210)}`,
    },
    {
      table: "performance_alerts",
      rows: c.tenants,
      sql: `insert into performance_alerts (id, tenant_id, name, metric, threshold)
        select pg_temp.thing('alert', n), pg_temp.thing('tenant', n), 'Slow answers', 'p95_duration_ms', 2000
        from generate_series($1::bigint, $2::bigint) n`,
    },
    {
      table: "alert_events",
      rows: c.alertEvents,
      sql: `insert into alert_events (tenant_id, alert_id, status, severity, dedup_key, value, message, opened_at, resolved_at)
        select pg_temp.thing('tenant', tenant), pg_temp.thing('alert', tenant), case when s < 0.9 then 'resolved' else 'open' end::alert_status,
          'medium', 'slow-' || n, 2500, 'p95 above 2 s', moment, case when s < 0.9 then moment + interval '20 minutes' end
        from ${events(c, c.alertEvents, start, 230)}`,
    },
  ];
}
