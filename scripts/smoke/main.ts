// `npm run smoke`: the real `npm run dev -- --json`, from a clean copy on free ports, used as a newcomer and as a bad
// client would; and beside it another one whose processes are killed (`--part use` or `--part faults` runs one of them,
// `--long` takes PostgreSQL away for minutes). At the end it serves, and its log is clean.
import { strict as assert } from "node:assert";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { isPortFree } from "../lib/ports.ts";
import { Problem, runMain } from "../lib/problem.ts";
import { startPostgres } from "../run/postgres.ts";
import { repeatLostRequests } from "./dev-proxy.ts";
import { checkFaults } from "./faults.ts";
import { checkHangUp } from "./hang-up.ts";
import { type Instance, startInstance } from "./instance.ts";
import { startMarker } from "./marker.ts";
import { checkNewcomer } from "./newcomer.ts";
import { checkRefusals } from "./refusals.ts";
import { createReport, type Report, waitFor } from "./report.ts";
import { checkUpstreamFaults } from "./upstream-faults.ts";

/** A tick comes within a minute and spreads its health checks over the minute after it. */
const CRON_TIMEOUT_MS = 150_000;
const END_TIMEOUT_MS = 10_000;
/** A frame of a JavaScript stack, by itself or inside a line of JSON. */
const STACK_TRACE = /(?:^|\\n)\s+at .*[:(]\d+:\d+\)?/m;

async function checkCron({ ready, log }: Instance, since: Date): Promise<string> {
  const pool = new pg.Pool({ connectionString: ready.databaseUrl, max: 1 });
  try {
    return await waitFor("a health check by cron", CRON_TIMEOUT_MS, async () => {
      if (!log().includes("GET /__scheduled 200")) return undefined;
      const { rows } = await pool.query<{ checks: number }>(
        "select count(*)::int as checks from server_health_checks where checked_at > $1",
        [since],
      );
      const [row] = rows;
      return row !== undefined && row.checks > 0 ? `${row.checks} health checks` : undefined;
    });
  } finally {
    await pool.end();
  }
}

async function checkEnd(instance: Instance, report: Report): Promise<void> {
  const { origin, ready, said, log } = instance;
  await report.check("it still serves, and nothing was restarted", async () => {
    assert.equal((await fetch(`${origin}/readyz`)).status, 200);
    assert.doesNotMatch(said(), /exited unexpectedly/);
  });
  await report.check("its log holds no stack trace", async () => {
    const lines = log().split("\n");
    // wrangler reports each upload that was cut off before anything read it, with a frame of its own.
    const found = lines.findIndex(
      (line) => STACK_TRACE.test(line) && !line.includes("node_modules/wrangler/"),
    );
    // With what led to it.
    assert.deepEqual(found === -1 ? [] : lines.slice(Math.max(0, found - 10), found + 4), []);
  });
  await report.check("Ctrl-C stops it and all its processes", async () => {
    // npm itself ends by the signal.
    assert.ok([0, "SIGINT"].includes(await instance.interrupt()));
    for (const url of [origin, ready.databaseUrl]) {
      const port = Number(new URL(url).port);
      await waitFor(`the end of ${url}`, END_TIMEOUT_MS, async () =>
        (await isPortFree(port)) ? true : undefined,
      );
    }
  });
}

async function runSmoke(report: Report): Promise<void> {
  const startedAt = new Date();
  const instance = await startInstance();
  console.log(`  npm run dev is ready after ${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s`);
  repeatLostRequests(instance.origin);
  try {
    const cron = report.check("a cron tick checks the servers", () => checkCron(instance, startedAt));
    await checkNewcomer(instance, report);
    await Promise.all([
      checkRefusals(instance, report),
      checkHangUp(instance, report),
      checkUpstreamFaults(instance, report),
    ]);
    await cron;
    await checkEnd(instance, report);
  } finally {
    await instance.remove();
  }
}

async function runFaults(report: Report, isLong: boolean): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "mcp-registry-gateway-faults-"));
  // As root, PostgreSQL runs as another user, who must be able to come this far.
  chmodSync(dataDir, 0o755);
  const startDatabase = () => startPostgres({ dataDir, durable: true, databases: ["gateway"] });
  const [database, marker] = await Promise.all([startDatabase(), startMarker()]);
  const world = { database, marker, dataDir, startDatabase, isLong };
  try {
    const instance = await startInstance({ databaseUrl: database.ownerUrl("gateway") });
    await checkFaults(Object.assign(world, { instance }), report).finally(instance.remove);
  } finally {
    await world.database.stop();
    await marker.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const PARTS = { use: runSmoke, faults: runFaults };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      part: { type: "string" },
      only: { type: "string" },
      long: { type: "boolean", default: false },
    },
  });
  const report = createReport(console.log, values.only);
  const parts = Object.entries(PARTS).filter(([name]) => (values.part ?? name) === name);
  if (parts.length === 0) throw new Problem(`--part must be one of ${Object.keys(PARTS).join(", ")}.`, 2);
  await Promise.all(parts.map(([, run]) => run(report, values.long)));
  console.log(`  ${report.count - report.failures.length} of ${report.count} checks passed`);
  return report.failures.length === 0 && report.count > 0 ? 0 : 1;
}

await runMain(main);
// A check that never ended may keep connections open.
process.exit();
