// Measures the memory of an export of a million requests: the Worker in bare workerd writes the file, a client reads it
// at full speed, and the process is sampled. Linux only. `node scripts/run.mjs bench/export.ts --rows 1000000`.
import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { startGateway, type TestGateway } from "../../tests/fixtures/gateway.ts";
import { Problem, runMain } from "../lib/problem.ts";
import { residentMiB } from "../lib/process.ts";
import { createShutdown } from "../run/shutdown.ts";
import { startThrowAwayDatabase } from "../run/throw-away-database.ts";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, format: { type: "string", default: "csv" } },
});
const ROWS = Number(values.rows);
const LINES = 10;

/** Spread over four weeks, as wide as real ones. */
const SEED = `
  insert into request_logs (tenant_id, request_time, request_id, method, path, mcp_method, tool_name, target_server_id,
    status_code, duration_ms, upstream_ms, request_bytes, user_id, client_name, user_agent, ip_address, country)
  select $1, now() - n * interval '28 days' / $2::integer, gen_random_uuid(), 'POST', '/mcp', 'tools/call', 'tool_' || n % 50,
    gen_random_uuid(), case when n % 40 = 0 then 502 else 200 end, n % 900, n % 800, 300, 'user-' || n % 1000, 'ide',
    'ide/1.0 (linux; x64)', '203.0.113.' || n % 250, 'CH'
  from generate_series(1, $2::integer) as n`;

async function seed(ownerUrl: string, tenantId: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(SEED, [tenantId, ROWS]);
  await client.query("analyze request_logs");
  await client.end();
}

/** The process that serves from the gateway's own folder. */
function memoryOf(gateway: TestGateway): () => number {
  const folder = dirname(dirname(gateway.logFile));
  const pid = readdirSync("/proc").find((name) => {
    if (!/^\d+$/.test(name)) return false;
    const [command = "", ...args] = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
    return command.endsWith("workerd") && args.some((arg) => arg.startsWith(folder));
  });
  if (pid === undefined) throw new Problem("The Worker process was not found.");
  return () => residentMiB(Number(pid));
}

const megabytes = (amount: number) => `${amount.toFixed(1).padStart(8)} MiB`;

async function measure(gateway: TestGateway, key: string): Promise<void> {
  const memory = memoryOf(gateway);
  const started = performance.now();
  const answer = await fetch(`${gateway.url}/api/v1/request-logs/export?format=${values.format}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  if (!answer.ok || answer.body === null) throw new Problem(`The export returned HTTP ${answer.status}.`);
  let [bytes, rows, most, next] = [0, values.format === "csv" ? -1 : 0, 0, 0];
  for await (const piece of answer.body) {
    bytes += piece.length;
    for (const byte of piece) if (byte === 10) rows += 1;
    most = Math.max(most, memory());
    if (rows < next) continue;
    console.log(`${String(Math.max(rows, 0)).padStart(9)} rows  ${megabytes(memory())}`);
    next += ROWS / LINES;
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${rows} rows, ${megabytes(bytes / 1024 / 1024).trim()} in ${seconds.toFixed(1)} s; the process held ${megabytes(most).trim()} at most`,
  );
  if (rows !== ROWS) throw new Problem(`Expected ${ROWS} rows.`);
}

await runMain(async () => {
  const shutdown = createShutdown();
  try {
    const database = await startThrowAwayDatabase(shutdown);
    const gateway = await startGateway(database);
    shutdown.add(gateway.close);
    const tenant = await gateway.addTenant();
    await seed(database.ownerUrl, tenant.id);
    const key = await tenant.addKey({ role: "admin", scopes: ["read"] });
    await measure(gateway, key);
    return 0;
  } finally {
    await shutdown.run(0);
  }
});
