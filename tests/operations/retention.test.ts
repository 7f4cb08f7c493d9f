/** Retention on the real tables: what is deleted, what stays, in how many batches, and its audit entries. */
import { beforeEach, describe, expect, it } from "vitest";
import { continueRetention, type RetentionDeps, startRetention } from "../../src/operations/retention.ts";
import { addTenant, call, type TestKey, type TestTenant } from "../api/support.ts";
import { database, newTenant, owner } from "../support/database.ts";

/** So long ago that no other test has anything there. */
const LONG_AGO = { days: Math.floor((Date.now() - Date.parse("2015-06-02")) / 86_400_000) };

let clock = Date.now();
const tools: RetentionDeps = { database, now: () => (clock += 1), batchSize: 3, sliceMs: 60_000 };

async function run(with_: Partial<RetentionDeps> = {}): Promise<number> {
  await startRetention(tools);
  let slices = 0;
  while ((await continueRetention({ ...tools, ...with_ })) !== "nothing to do") slices += 1;
  return slices;
}

const keep = (tenantId: string | null, table: string, days: number, more: { legalHold?: boolean } = {}) =>
  owner.query(
    `insert into data_retention_policies (tenant_id, table_name, retention_days, legal_hold) values ($1, $2, $3, $4)
     on conflict (tenant_id, table_name) do update set retention_days = $3, legal_hold = $4`,
    [tenantId, table, days, more.legalHold ?? false],
  );

const addErrors = (tenantId: string, daysAgo: number, count: number) =>
  owner.query(
    `insert into error_logs (tenant_id, timestamp, code, message, source)
     select $1, now() - $2 * interval '1 day', 'x', 'x', 'x' from generate_series(1, $3)`,
    [tenantId, daysAgo, count],
  );

const count = async (table: string, tenantId: string) => {
  const [row] = await owner.query(`select count(*)::int as n from ${table} where tenant_id = $1`, [tenantId]);
  return row?.n;
};

describe("a tenant's own policy", () => {
  let tenantId: string;
  let other: string;

  beforeEach(async () => {
    [tenantId, other] = [await newTenant("kept"), await newTenant("kept")];
    await keep(tenantId, "error_logs", 30);
    for (const each of [tenantId, other]) {
      await addErrors(each, 40, 10);
      await addErrors(each, 20, 4);
    }
  });

  it("deletes its old rows in batches, and no other tenant's", async () => {
    await run();
    expect([await count("error_logs", tenantId), await count("error_logs", other)]).toEqual([4, 14]);
    const [policy] = await owner.query(
      "select last_deleted_rows::int as rows, last_run_at is not null as ran from data_retention_policies where tenant_id = $1",
      [tenantId],
    );
    expect(policy).toEqual({ rows: 10, ran: true });
  });

  it("is done in slices, each going on where the one before stopped", async () => {
    // The clock goes on with each look at it: time for a batch or two.
    expect(await run({ sliceMs: 3 })).toBeGreaterThan(4);
    expect(await count("error_logs", tenantId)).toBe(4);
    const [last] = await owner.query(
      "select deleted_rows as rows, finished_at is not null as finished from retention_runs order by started_at desc, created_at desc limit 1",
    );
    expect(last).toMatchObject({ rows: { [`delete error_logs ${tenantId}`]: 10 }, finished: true });
  });

  it("that becomes a legal hold counts from the next batch on", async () => {
    await startRetention(tools);
    while ((await count("error_logs", tenantId)) === 14) await continueRetention({ ...tools, sliceMs: 3 });
    const left = await count("error_logs", tenantId);
    expect(left).toBeGreaterThan(4);
    await keep(tenantId, "error_logs", 30, { legalHold: true });
    await run();
    expect(await count("error_logs", tenantId)).toBe(left);
  });

  it("is done by one at a time", async () => {
    await startRetention(tools);
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => continueRetention(tools)));
    expect(outcomes.filter((outcome) => outcome !== "nothing to do").length).toBe(1);
    await run();
  });
});

describe("the system's policy", () => {
  const addCalls = (tenantId: string, at: string, amount: number) =>
    owner.query(
      `insert into mcp_audit_logs (tenant_id, timestamp, method, success) select $1, $2, 'tools/call', true from generate_series(1, $3)`,
      [tenantId, at, amount],
    );

  it("drops partitions, and restores the rows that another tenant keeps of one", async () => {
    const [a, b, longer] = [await newTenant("kept"), await newTenant("kept"), await newTenant("kept")];
    await owner.query("select gateway_ensure_partitions('2014-03-03', '2014-03-24')");
    await addCalls(a, "2014-03-04", 5);
    await addCalls(a, "2014-03-11", 5);
    await addCalls(b, "2014-03-12", 2);
    await addCalls(longer, "2014-03-18", 2);
    await keep(null, "mcp_audit_logs", LONG_AGO.days);
    await keep(b, "mcp_audit_logs", 30, { legalHold: true });
    await keep(longer, "mcp_audit_logs", LONG_AGO.days + 3650);
    await run();
    const left = await owner.query(
      "select relname from pg_class where relname like 'mcp_audit_logs_p2014%' and relkind = 'r' order by 1",
    );
    expect(left).toEqual([{ relname: "mcp_audit_logs_p20140310" }, { relname: "mcp_audit_logs_p20140317" }]);
    expect([await count("mcp_audit_logs", a), await count("mcp_audit_logs", b)]).toEqual([0, 2]);
    expect(await count("mcp_audit_logs", longer)).toBe(2);
    const [table] = await owner.query(
      `select relrowsecurity as rls, (select count(*)::int from pg_index where indrelid = c.oid) as indexes,
         (select count(*)::int from pg_index where indrelid = 'mcp_audit_logs'::regclass) as expected
       from pg_class c where relname = 'mcp_audit_logs_p20140310'`,
    );
    expect(table).toEqual({ rls: true, indexes: table?.expected, expected: table?.expected });
    await addCalls(b, "2014-03-13", 1);
    expect(await run()).toBeGreaterThan(0);
    expect(await count("mcp_audit_logs", b)).toBe(3);
    await owner.query("delete from data_retention_policies where table_name = 'mcp_audit_logs'");
  });
});

describe("the audit log", () => {
  let tenant: TestTenant;
  let admin: TestKey;

  beforeEach(async () => {
    tenant = await addTenant("pruned");
    admin = await tenant.addKey();
  });

  const addEntries = (at: string, amount: number) =>
    owner.query(
      `insert into audit_logs (tenant_id, timestamp, action, resource_type, success) select $1, $2, 'x', 'y', true from generate_series(1, $3)`,
      [tenant.id, at, amount],
    );
  const verify = async () => (await call("GET", "/audit-logs/verification", { key: admin.text })).body;

  it("is deleted by partitions and by rows, and its chain records it", async () => {
    await owner.query("select gateway_ensure_partitions('2013-03-01', '2013-06-01')");
    await addEntries("2013-03-05", 4);
    await addEntries("2013-04-05", 3);
    await addEntries(new Date().toISOString(), 2);
    const held = await addTenant("held");
    await owner.query(
      `insert into audit_logs (tenant_id, timestamp, action, resource_type, success) select $1, $2, 'x', 'y', true from generate_series(1, 3)`,
      [held.id, "2013-04-06"],
    );
    await keep(null, "audit_logs", LONG_AGO.days);
    await keep(held.id, "audit_logs", 90, { legalHold: true });
    await run();
    const { text } = await held.addKey();
    const whole = await call("GET", "/audit-logs/verification", { key: text });
    expect(whole.body).toMatchObject({ checked: 3, faults: [] });
    expect(await count("audit_logs", tenant.id)).toBe(2 + 2);
    expect(await verify()).toMatchObject({ checked: 4, faults: [] });

    await addEntries(new Date(Date.now() - 200 * 86_400_000).toISOString(), 5);
    await keep(tenant.id, "audit_logs", 100);
    await run();
    expect(await verify()).toMatchObject({ faults: [] });
    await owner.transaction([
      owner.query("set local session_replication_role = replica"),
      owner.query("delete from audit_logs where tenant_id = $1 and sequence = 9", [tenant.id]),
    ]);
    expect((await verify()).faults).toMatchObject([{ kind: "missing", from: 9, to: 9 }]);
    await owner.query("delete from data_retention_policies where table_name = 'audit_logs'");
  });

  it("that records deleted entries may be deleted too: what is left records both", async () => {
    await addEntries(new Date(Date.now() - 200 * 86_400_000).toISOString(), 5);
    await keep(tenant.id, "audit_logs", 100);
    await run();
    // As if that had been long ago.
    await owner.transaction([
      owner.query("set local session_replication_role = replica"),
      owner.query("update audit_logs l set timestamp = now() - interval '150 days' where tenant_id = $1", [
        tenant.id,
      ]),
      owner.query("update audit_logs l set hash = gateway_audit_hash(l) where tenant_id = $1", [tenant.id]),
    ]);
    await addEntries(new Date().toISOString(), 1);
    await run();
    expect((await verify()).faults).toEqual([]);
  });

  it("is kept for ninety days at the least", async () => {
    const json = { tableName: "audit_logs", retentionDays: 30 };
    const { body } = await call("POST", "/retention-policies", { key: admin.text, json });
    expect(body.errors).toMatchObject([
      { path: "/retentionDays", message: "must be at least 90 for audit_logs" },
    ]);
  });
});

describe("a dry run", () => {
  it("returns what a run then does, and does nothing", async () => {
    const tenant = await addTenant("dry");
    const admin = await tenant.addKey();
    await addErrors(tenant.id, 40, 7);
    await keep(tenant.id, "error_logs", 30);
    await keep(tenant.id, "security_events", 30, { legalHold: true });
    const { body } = await call("POST", "/retention-policies/dry-run", { key: admin.text });
    expect(body.tables).toMatchObject([
      { tableName: "error_logs", tenantId: tenant.id, rows: 7, partitions: [] },
    ]);
    expect(body.held).toEqual(["security_events"]);
    expect(await count("error_logs", tenant.id)).toBe(7);
    const headers = await tenant.addOperator();
    const whole = await call("POST", "/system/retention-policies/dry-run", { headers });
    expect(whole.body.tables).toContainEqual(expect.objectContaining({ tenantId: tenant.id, rows: 7 }));
    await run();
    expect(await count("error_logs", tenant.id)).toBe(0);
    const runs = await call("GET", "/system/retention-runs", { headers });
    expect(runs.body.items[0]).toMatchObject({ finishedAt: expect.any(String), lastError: null });
  });
});
