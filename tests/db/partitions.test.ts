import {
  createExecutionContext,
  createScheduledController,
  env,
  waitOnExecutionContext,
} from "cloudflare:test";
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import worker from "../../src/index.ts";
import { database, newTenant, owner } from "../support/database.ts";

const partitionOf = "select tableoid::regclass::text as partition from request_logs where id = $1";

async function log(tenantId: string, at: string): Promise<string> {
  const [row] = await owner.query(
    `insert into request_logs (request_time, tenant_id, method, path, status_code, duration_ms)
     values ($1, $2, 'POST', '/mcp', 200, 1) returning id`,
    [at, tenantId],
  );
  return String(row?.id);
}

const ensure = (from: string, to: string) =>
  database
    .asSystem()
    .execute<{ made: number }>(sql`select gateway_ensure_partitions(${from}, ${to}) as made`);

describe("partitions", () => {
  it("take a row of today into the week's own", async () => {
    const id = await log(await newTenant("partitions"), new Date().toISOString());
    const [row] = await owner.query(partitionOf, [id]);
    expect(row?.partition).toMatch(/^request_logs_p\d{8}$/);
  });

  it("made late still get the rows that came before them", async () => {
    const id = await log(await newTenant("partitions"), "2019-03-06T12:00:00Z");
    expect(await owner.query(partitionOf, [id])).toEqual([{ partition: "request_logs_default" }]);
    await ensure("2019-03-05", "2019-03-07");
    expect(await owner.query(partitionOf, [id])).toEqual([{ partition: "request_logs_p20190304" }]);
  });

  it("are made once, for each of the five tables, with the parent's indexes and policies enabled", async () => {
    const first = await ensure("2018-05-01", "2018-05-02");
    const again = await ensure("2018-05-01", "2018-05-02");
    expect([first.rows[0]?.made, again.rows[0]?.made]).toEqual([5, 0]);
    const [indexes] = await owner.query(
      `select (select count(*)::int from pg_index where indrelid = 'request_logs'::regclass) as parent,
              (select count(*)::int from pg_index where indrelid = 'request_logs_p20180430'::regclass) as partition,
              (select relrowsecurity from pg_class where oid = 'request_logs_p20180430'::regclass) as rls`,
    );
    expect(indexes?.partition).toBe(indexes?.parent);
    expect(indexes?.rls).toBe(true);
  });

  it("are dropped only when all of their rows are too old", async () => {
    await ensure("2017-01-02", "2017-01-16");
    // Other tests have their partitions too.
    const drop = (before: string) =>
      database
        .asSystem()
        .execute(
          sql`select * from gateway_drop_partitions('server_metrics', ${before}) where gateway_drop_partitions like '%p2017%'`,
        );
    expect((await drop("2017-01-15")).rows).toEqual([
      { gateway_drop_partitions: "server_metrics_p20170102" },
    ]);
    expect((await drop("2017-01-16")).rows).toEqual([
      { gateway_drop_partitions: "server_metrics_p20170109" },
    ]);
  });

  it("cannot be dropped by a tenant, nor can any other table", async () => {
    const tenantId = await newTenant("partitions");
    const statement = sql`select gateway_drop_partitions('request_logs', now())`;
    await expect(database.withTenant(tenantId).execute(statement)).rejects.toMatchObject({
      cause: { code: "42501" },
    });
    await expect(
      database.asSystem().execute(sql`select gateway_drop_partitions('tenants', now())`),
    ).rejects.toMatchObject({ cause: { message: "tenants is not a partitioned table of the gateway" } });
  });

  it("are made ahead by the daily cron", async () => {
    const name = "request_logs_p";
    const newest = `select max(c.relname) as name from pg_class c where c.relname like '${name}%' and c.relispartition and c.relkind = 'r'
      and c.relname <> 'request_logs_default'`;
    const [before] = await owner.query(newest);
    await owner.query(`drop table "${before?.name}"`);
    const context = createExecutionContext();
    await worker.scheduled(createScheduledController({ cron: "17 3 * * *" }), env, context);
    await waitOnExecutionContext(context);
    expect(await owner.query(newest)).toEqual([before]);
  });
});
