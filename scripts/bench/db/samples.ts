/** Picks the parameters of queries from the seeded data: a big, a middling and a small tenant with their records. */
import type pg from "pg";
import type { Transport } from "../../../src/core/enums.ts";
import type { Sample } from "./sample.ts";

type Row = { [K in keyof Omit<Sample, "resource" | "size">]: string } & {
  transport: Transport;
  action: string;
  resourceType: string;
  resourceId: string;
};

/** One of every kind; which one is as good as random, and the same in every run. */
const choose = `
  with tenant as (select id from tenants where slug = $1),
  call as (
    select * from request_logs where tenant_id = (select id from tenant) and target_server_id is not null and path <> '/mcp'
     order by md5(id::text || $2) limit 1),
  entry as (
    select * from audit_logs where tenant_id = (select id from tenant) and user_id is not null
       and action not like 'session.%' and action <> 'tool.call'
     order by md5(id::text || $2) limit 1)
  select tenant.id as "tenantId", server.id as "serverId", call.path as "serverPath", server.endpoint_url as "endpointUrl",
    server.transport_type as "transport", tool.name as "toolName", resource.uri_template as uri,
    coalesce((select mime_type from server_resources where mime_type like 'application/vnd.%' and tenant_id = tenant.id
      order by md5(id::text || $2) limit 1), 'application/vnd.example.1') as "mimeType",
    call.user_id as "userId", known.auth_provider as "authProvider", known.auth_provider_id as "authProviderId",
    visit.token as "sessionToken", key.id as "keyId", key.key_hash as "keyHash", call.ip_address as "ipAddress",
    entry.action, entry.resource_type as "resourceType", entry.resource_id as "resourceId",
    invitation.token_hash as "invitationHash"
  from tenant
    join call on true join entry on true
    join mcp_servers server on server.id = call.target_server_id
    cross join lateral (select * from server_tools where server_id = server.id order by md5(id::text) limit 1) tool
    cross join lateral (select * from server_resources where tenant_id = tenant.id and uri_template like 'file:%'
      order by md5(id::text || $2) limit 1) resource
    cross join lateral (select * from "user" where tenant_id = tenant.id and auth_provider is not null
      order by md5(id || $2) limit 1) known
    cross join lateral (select * from session where is_active order by md5(id || $2) limit 1) visit
    cross join lateral (select * from api_keys where tenant_id = tenant.id order by md5(id::text || $2) limit 1) key
    cross join lateral (select * from tenant_invitations order by md5(id::text || $2) limit 1) invitation`;

/** As the owner, who is not subject to row-level security. Big, middle and small take turns. */
export async function takeSamples(client: pg.Client, tenants: number, wanted: number): Promise<Sample[]> {
  const sizes = [
    { size: "big", slug: "tenant-0" },
    { size: "middle", slug: `tenant-${Math.round(tenants / 10)}` },
    { size: "small", slug: `tenant-${tenants - 1}` },
  ] as const;
  const samples: Sample[] = [];
  for (let n = 0; n < wanted; n++) {
    const { size, slug } = sizes[n % 3] ?? sizes[0];
    const { rows } = await client.query<Row>(choose, [slug, String(n)]);
    const row = rows[0];
    if (row === undefined) {
      throw new Error(`There is too little data for the ${size} tenant: seed more.`);
    }
    const { action, resourceType, resourceId, ...rest } = row;
    samples.push({ ...rest, size, resource: { action, resourceType, resourceId } });
  }
  return samples;
}
