/**
 * `npm run bench:retention`: fills request_logs with ten million rows over a year, and lets the product's own retention
 * take what is older than ninety days: a dry run first, then slices, one of which is broken off, with one tenant under a
 * legal hold and one that keeps less. Prints how long each part takes, and fails when a row too many or too few is left.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type pg from "pg";
import { planRetention } from "../../../src/core/retention.ts";
import { type Database, createDatabase as openDatabase } from "../../../src/db/client.ts";
import { listRetentionPolicies } from "../../../src/db/queries/logs/retention.ts";
import { QueryStatistics } from "../../../src/db/statistics.ts";
import { continueRetention, previewRetention, startRetention } from "../../../src/operations/retention.ts";
import { ensureRuntimeLogin } from "../../db/runtime-login.ts";
import { devDir } from "../../lib/paths.ts";
import { Problem, runMain } from "../../lib/problem.ts";
import { startNeonEndpoint } from "../../neon/endpoint.ts";
import { startPostgres } from "../../run/postgres.ts";
import { asOwner, createDatabase, createIndexes, dropIndexes, listIndexes } from "../db/database.ts";

const TENANTS = 50;
const DAYS = 365;
const KEPT_DAYS = 90;
const SHORT_DAYS = 30;
const ROWS_AT_A_TIME = 500_000;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { rows: { type: "string", default: "10000000" } } });
  const rows = Number(values.rows);
  if (!(Number.isInteger(rows) && rows >= 10_000 && rows <= 100_000_000)) {
    throw new Problem("--rows must be an integer from 10000 to 100000000.");
  }
  const postgres = await startPostgres({
    dataDir: join(devDir(), "bench-retention"),
    durable: false,
    temporary: true,
    databases: ["gateway"],
  });
  const bench = await createDatabase(postgres.ownerUrl("gateway"));
  const { host } = new URL(bench.url);
  const endpoint = await startNeonEndpoint({ allow: [host] });
  try {
    const login = { ownerUrl: bench.url, login: "gateway_bench", password: crypto.randomUUID() };
    const database = openDatabase(
      { main: await ensureRuntimeLogin(login), endpoint: endpoint.url },
      { statistics: new QueryStatistics(), now: Date.now, random: Math.random, sleep },
    );
    return await asOwner(bench.url, (client) => run(client, database, rows));
  } finally {
    await endpoint.close();
    await bench.drop();
    await postgres.stop();
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function run(client: pg.Client, database: Database, rows: number): Promise<number> {
  const now = new Date();
  await timed(`${rows.toLocaleString("en")} rows written, with their indexes`, () => fill(client, rows, now));
  const before = await totals(client);
  const expected = await count(client, belongs(now));
  console.log(`${before.size} in ${before.partitions} partitions`);

  const db = database.asSystem("analytics");
  const foreseen = await timed("dry run", async () =>
    previewRetention(db, planRetention(await listRetentionPolicies(db), now)),
  );
  for (const { step, rows: amount, partitions } of foreseen) {
    console.log(
      `  ${step.kind} ${"tenantId" in step ? "of one tenant" : "of all others"}: ${amount} rows, ${partitions.length} partitions`,
    );
  }

  const tools = { database, now: Date.now };
  // As of the moment that the rows were made for.
  await startRetention({ database, now: () => now.getTime() });
  const slices = await timed("retention", () => inSlices(tools, client));
  const after = await totals(client);
  const [left, right] = [await count(client), await count(client, belongs(now))];
  console.log(`${slices} slices; ${after.size} in ${after.partitions} partitions, ${left} rows left`);
  const isExact = left === expected && right === expected;
  console.log(
    isExact ? "All remaining rows are as expected." : `${right} of ${expected} expected rows remain.`,
  );
  return isExact ? 0 : 1;
}

/** The first is broken off after a second, as a Worker may be: its run is free again when its time is over. */
async function inSlices(
  tools: { database: Database; now: () => number },
  client: pg.Client,
): Promise<number> {
  let outcome = await continueRetention({ ...tools, sliceMs: 1000 });
  await client.query("update retention_runs set taken_until = now() + interval '1 second'");
  let slices = 1;
  while (outcome !== "done") {
    outcome = await continueRetention(tools);
    if (outcome === "nothing to do") await sleep(200);
    else slices += 1;
  }
  return slices;
}

async function timed<R>(what: string, work: () => Promise<R>): Promise<R> {
  const began = performance.now();
  const result = await work();
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${what}`);
  return result;
}

const tenant = (n: number | string) => `('00000000-0000-4000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;

async function fill(client: pg.Client, rows: number, now: Date): Promise<void> {
  const at = `'${now.toISOString()}'::timestamptz`;
  await client.query(
    `insert into tenants (id, name, slug) select ${tenant("n")}, 't' || n, 't' || n from generate_series(1, ${TENANTS}) n`,
  );
  await client.query(`select gateway_ensure_partitions(${at} - interval '${DAYS + 7} days', ${at})`);
  // Sums of traffic are another measurement's business.
  await client.query("alter table request_logs disable trigger request_logs_added");
  // Built afterwards, as it takes a third of the time.
  const indexes = (await listIndexes(client)).filter(({ definition }) => definition.includes("request_logs"));
  await dropIndexes(client, indexes);
  for (let first = 1; first <= rows; first += ROWS_AT_A_TIME) {
    await client.query(`
      insert into request_logs (id, request_time, tenant_id, method, path, status_code, duration_ms, mcp_method, target_server_id)
      select gen_random_uuid(), ${at} - interval '${DAYS} days' * (1 - n::float8 / ${rows}), ${tenant(`1 + n % ${TENANTS}`)}, 'POST', '/mcp',
        200, 12, 'tools/call', ${tenant("n % 500")}
      from generate_series(${first}, ${Math.min(first + ROWS_AT_A_TIME - 1, rows)}) n`);
  }
  await createIndexes(client, indexes, () => undefined);
  await client.query("analyze request_logs");
  await client.query(`insert into data_retention_policies (tenant_id, table_name, retention_days, legal_hold) values
    (null, 'request_logs', ${KEPT_DAYS}, false), (${tenant(1)}, 'request_logs', 1, true), (${tenant(2)}, 'request_logs', ${SHORT_DAYS}, false)`);
}

async function totals(client: pg.Client) {
  const { rows } = await client.query<{ partitions: number; size: string }>(`
    select count(*)::int as partitions, pg_size_pretty(sum(pg_total_relation_size(inhrelid))) as size
    from pg_inherits where inhparent = 'request_logs'::regclass`);
  return rows[0] ?? { partitions: 0, size: "0" };
}

/** All of the held tenant's, a month of the one that keeps less, and of the others whole weeks. */
function belongs(now: Date): string {
  const at = `'${now.toISOString()}'::timestamptz`;
  return `(tenant_id = ${tenant(1)}
    or tenant_id = ${tenant(2)} and request_time >= ${at} - interval '${SHORT_DAYS} days'
    or tenant_id not in (${tenant(1)}, ${tenant(2)})
      and request_time >= date_trunc('week', ${at} - interval '${KEPT_DAYS} days', 'UTC'))`;
}

async function count(client: pg.Client, condition = "true"): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from request_logs where ${condition}`,
  );
  return rows[0]?.n ?? 0;
}

if (import.meta.main) await runMain(() => main(process.argv.slice(2)));
