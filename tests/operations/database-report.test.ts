import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { QueryStatistics } from "../../src/db/statistics.ts";
import { createPoolReport } from "../../src/logs/pool-report.ts";
import { writeEvents } from "../../src/logs/sinks.ts";
import { buildDatabaseReport, sampleDatabase } from "../../src/operations/database-report.ts";
import { addTenant, call } from "../api/support.ts";
import { database, newTenant, owner } from "../support/database.ts";

// Far from the samples of other tests.
const NOW = new Date(Date.UTC(2031, 0, 1) + Math.floor(Math.random() * 1e9) * 1000);

describe("the database", () => {
  beforeAll(async () => {
    await owner.query("delete from connection_pools where sampled_at > $1", [
      new Date(NOW.getTime() - 86_400_000),
    ]);
  });

  it("is sampled once a minute, however often it is requested", async () => {
    await sampleDatabase(database, NOW);
    await sampleDatabase(database, new Date(NOW.getTime() + 1));
    await sampleDatabase(database, new Date(NOW.getTime() + 60_000));
    const { samples } = await buildDatabaseReport(database, new Date(NOW.getTime() + 61_000));
    expect(samples).toHaveLength(2);
    const [newest] = samples;
    expect(newest?.maxConnections).toBeGreaterThan(10);
    expect(newest?.connections).toBeGreaterThanOrEqual((newest?.active ?? 0) + (newest?.idle ?? 0));
    expect(newest?.commits).toBeGreaterThan(0);
  });

  it("is known by what isolates have seen of it, added up", async () => {
    const tell = async (durations: readonly number[], failed: boolean) => {
      const statistics = new QueryStatistics();
      for (const durationMs of durations)
        statistics.record({ target: "main", durationMs, statements: 1, retries: 0, failed });
      const report = createPoolReport(statistics, () => NOW.getTime());
      await writeEvents(database, report());
      expect(report()).toEqual([]);
    };
    await tell([2, 4], false);
    await tell([900, 1000], true);
    const { targets } = await buildDatabaseReport(database, new Date(NOW.getTime() + 61_000));
    expect(targets).toMatchObject([{ name: "main", queries: 4, errors: 2, avgMs: 476.5, p95Ms: 1000 }]);
  });

  it("shows its state to operators only", async () => {
    const tenant = await addTenant("watched");
    const report = await call("GET", "/system/database", { headers: await tenant.addOperator() });
    expect(report.status).toBe(200);
    expect(Object.keys(report.body)).toEqual(["samples", "targets", "slow", "advice", "forecast"]);
    expect((await call("GET", "/system/database", { key: (await tenant.addKey()).text })).status).toBe(403);
    const own = database.withTenant(await newTenant("prying"));
    await expect(own.execute(sql`select * from gateway_sample_database()`)).rejects.toThrow();
    await expect(own.execute(sql`select * from gateway_slow_queries(0)`)).rejects.toThrow();
  });

  it("shows long queries without their parameters", async () => {
    // The driver's promises are lazy: this one must begin now.
    const slow = Promise.resolve(
      owner.query("select pg_sleep(3), 'very secret' as word, 4111111111111111 as card"),
    );
    const seen = async () => JSON.stringify((await buildDatabaseReport(database, NOW)).slow);
    await expect.poll(seen, { timeout: 8000, interval: 200 }).toContain("pg_sleep(?), ? as word, ? as card");
    await slow;
  }, 15_000);
});
