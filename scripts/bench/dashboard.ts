// How long the analytics page's queries take in the database when there are sums of a hundred million requests: a month of
// a large tenant's (half of them) and of twenty others'. `node scripts/run.mjs bench/dashboard.ts`, with DATABASE_URL or
// the development database.
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { alignToGrain, defaultGrain } from "../../src/core/analytics/period.ts";
import { loadDashboard } from "../../src/db/queries/traffic/dashboard.ts";
import { runMain } from "../lib/problem.ts";
import { withDatabaseUrl } from "../run/dev-database.ts";
import { createDatabase } from "./db/database.ts";
import { explain, MEASURED } from "./db/explain.ts";
import { median } from "./db/measure.ts";

const REQUESTS = 100_000_000;
const DAYS = 30;
const OTHERS = 20;
const ROUNDS = 15;

/** Members of each dimension, by how many there are of a large tenant and of another. */
const MEMBERS: Readonly<Record<string, readonly [large: number, other: number]>> = {
  all: [1, 1],
  server: [40, 5],
  tool: [300, 20],
  user: [500, 20],
  key: [100, 5],
  client: [12, 4],
  error: [15, 5],
  method: [8, 4],
};

/** `$4` requests of each unit, divided among the members; the histogram is that of answers around 100 ms. */
const fill = (grain: string, units: number) => `
  insert into request_rollups_${grain} (tenant_id, kind, dimension, at, member, requests, errors, timed, duration_ms, request_bytes, histogram)
  select $1, 'call', $2, date_trunc('${grain}', now()) - n * interval '1 ${grain}',
    case $2 when 'all' then '' when 'tool' then s.id || '/tool_' || m when 'client' then 'client_' || m
      when 'error' then (-32600 - m)::text when 'method' then 'method_' || m else s.id::text end,
    share, share / 50, share, share * 105.0, share * 300,
    array_fill(0, array[14]) || array_fill((share / 12)::integer, array[12]) || array_fill(0, array[26])
  from generate_series(0, ${units - 1}) as n, generate_series(1, $3::integer) as m,
    lateral (select ('00000000-0000-4000-8000-' || lpad(to_hex(m), 12, '0'))::uuid as id) as s,
    lateral (select ($4::double precision / $3)::bigint as share) as part`;

const UNITS = { minute: [60, 1 / 60], hour: [DAYS * 24, 1], day: [DAYS, 24] } as const;

async function seed(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    "insert into tenants (name, slug) select n::text, 'tenant-' || n from generate_series(0, $1::integer) as n returning id",
    [OTHERS],
  );
  for (const [index, { id }] of rows.entries()) {
    const hourly = (index === 0 ? REQUESTS / 2 : REQUESTS / 2 / OTHERS) / (DAYS * 24);
    for (const [grain, [units, hours]] of Object.entries(UNITS)) {
      for (const [dimension, [large, other]] of Object.entries(MEMBERS)) {
        await client.query(fill(grain, units), [id, dimension, index === 0 ? large : other, hourly * hours]);
      }
    }
  }
  await client.query("vacuum (analyze) request_rollups_minute, request_rollups_hour, request_rollups_day");
  const [large] = rows;
  if (large === undefined) throw new Error("no tenants were created");
  return large.id;
}

const figure = (ms: number) => `${ms.toFixed(1).padStart(6)} ms`;

const HOUR_MS = 3_600_000;
const RANGES = { hour: 1, day: 24, week: 7 * 24, month: DAYS * 24 };

function queriesOf(db: Parameters<typeof loadDashboard>[0], tenantId: string, hours: number) {
  const to = new Date();
  const period = { from: new Date(to.getTime() - hours * HOUR_MS), to };
  const grain = defaultGrain(period);
  const weeks = alignToGrain({ from: new Date(to.getTime() - 28 * 24 * HOUR_MS), to }, "hour");
  return loadDashboard(db, { ...alignToGrain(period, grain), tenantId, kind: "call", grain }, weeks);
}

async function measure(client: pg.Client, tenantId: string): Promise<void> {
  const db = drizzle(client);
  await client.query("set jit = off");
  for (const [range, hours] of Object.entries(RANGES)) {
    const rounds: number[][] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const times: number[] = [];
      for (const query of queriesOf(db, tenantId, hours)) {
        const plan = await explain(client, tenantId, query, MEASURED);
        times.push((plan["Planning Time"] ?? 0) + (plan["Execution Time"] ?? 0));
      }
      rounds.push(times);
    }
    const warm = rounds.slice(2);
    const together = median(warm.map((times) => times.reduce((sum, ms) => sum + ms, 0)));
    const slowest = median(warm.map((times) => Math.max(...times)));
    console.log(
      `${range.padEnd(6)} ${figure(slowest)} the slowest of nine queries, ${figure(together)} all of them`,
    );
  }
}

await runMain(() =>
  withDatabaseUrl(async (ownerUrl) => {
    const database = await createDatabase(ownerUrl);
    const client = new pg.Client({ connectionString: database.url });
    try {
      await client.connect();
      const tenantId = await seed(client);
      const { rows } = await client.query(
        "select (select count(*) from request_rollups_hour) as sums, sum(requests) as requests from request_rollups_hour where dimension = 'all'",
      );
      console.log(`${rows[0].requests} requests in ${rows[0].sums} sums by hour`);
      await measure(client, tenantId);
    } finally {
      await client.end();
      await database.drop();
    }
  }).then(() => 0),
);
