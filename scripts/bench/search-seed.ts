// Servers with names, prose and tools as they are in life, of one large tenant and of many small ones beside it.
import type pg from "pg";

export interface SearchSeed {
  readonly tenantId: string;
  readonly seconds: number;
}

const SUBJECTS =
  "weather github invoice calendar email storage payment search translate image log metric order ticket chat map news stock recipe flight hotel music video backup deploy test contract customer employee document";
const VERBS = "list get create update delete export import search send watch";

const words = (text: string) => `array['${text.split(" ").join("', '")}']`;

export async function seedSearch(
  client: pg.Client,
  { servers, toolsPerServer }: { servers: number; toolsPerServer: number },
): Promise<SearchSeed> {
  const started = performance.now();
  const { rows } = await client.query<{ id: string }>(
    "insert into tenants (name, slug) values ('Large', 'large'), ('Small', 'small') returning id",
  );
  const [large, small] = rows.map(({ id }) => id);
  if (large === undefined || small === undefined) throw new Error("no tenants were created");
  for (const [tenant, count] of [
    [large, servers],
    [small, Math.ceil(servers / 5)],
  ] as const) {
    await client.query(
      `insert into mcp_servers (tenant_id, name, title, description, tags, endpoint_url, health_status)
       select $1, subject || '-' || verb || '-server' || n, initcap(subject) || ' ' || n,
         'Helps teams to ' || verb || ' each ' || subject || ' and its ' || (${words(SUBJECTS)})[1 + (n * 7) % 30] || ' without leaving their tools.',
         array[subject, (array['public', 'internal', 'beta'])[1 + n % 3]], 'https://s' || n || '.example.com/mcp', 'healthy'
       from generate_series(1, $2::int) n,
         lateral (select (${words(SUBJECTS)})[1 + n % 30] as subject, (${words(VERBS)})[1 + (n / 30) % 10] as verb) w`,
      [tenant, count],
    );
    await client.query(
      `insert into server_tools (tenant_id, server_id, name, description)
       select s.tenant_id, s.id, (${words(VERBS)})[1 + (i * 3 + length(s.name)) % 10] || '_' || s.tags[1] || '_' || i,
         'Does it for one ' || (${words(SUBJECTS)})[1 + (i * 11 + length(s.title)) % 30] || ' at a time.'
       from mcp_servers s, generate_series(1, $2::int) i where s.tenant_id = $1`,
      [tenant, toolsPerServer],
    );
  }
  await client.query("vacuum (analyze) mcp_servers, server_tools, server_words");
  return { tenantId: large, seconds: (performance.now() - started) / 1000 };
}
