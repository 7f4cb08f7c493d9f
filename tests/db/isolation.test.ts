/**
 * Two tenants with a row each in every table of the database, and attempts of tenant A to reach the rows of B. A new
 * table without a policy, or with a grant that is wider than its policy, fails here.
 */
import { env } from "cloudflare:test";
import { NeonDbError, neon } from "@neondatabase/serverless";
import { describe, expect, it } from "vitest";
import { owner } from "../support/database.ts";
import { allTables, insertStatement, type Row, SampleRows, type Table } from "../support/sample-rows.ts";

const worker = neon(env.DATABASE_URL);
const tables = await allTables();
const a = new SampleRows(tables);
const b = new SampleRows(tables);

type Outcome = { rows: Row[] } | { refused: string };

/** Runs a statement as the Worker would for a tenant; without a tenant when it is empty. */
async function as(tenantId: string, statement: string, parameters: unknown[] = []): Promise<Outcome> {
  try {
    const [, rows] = await worker.transaction([
      worker.query(
        "select set_config('role', 'gateway_runtime', true), set_config('app.tenant_id', $1, true)",
        [tenantId],
      ),
      worker.query(statement, parameters),
    ]);
    return { rows: rows ?? [] };
  } catch (error) {
    // 42501 is both "permission denied" and "violates row-level security policy": the two refusals that count.
    if (error instanceof NeonDbError && error.code === "42501") return { refused: error.message };
    throw error;
  }
}

const refusedOrNothing = (outcome: Outcome) => "refused" in outcome || outcome.rows.length === 0;

const tenantColumn = (table: Table) => {
  if (table.name === "tenants") return "id";
  return table.columns.some((column) => column.name === "tenant_id") ? "tenant_id" : undefined;
};

/** "where" for one row by its primary key, with the key as JSON in $1. */
const itself = (table: Table) =>
  table.primaryKey
    .map((key) => `"${key}" = (jsonb_populate_record(null::"${table.name}", $1::jsonb))."${key}"`)
    .join(" and ");

const keyOf = (table: Table, row: Row) =>
  JSON.stringify(Object.fromEntries(table.primaryKey.map((key) => [key, row[key]])));

async function asOwner(table: Table, row: Row): Promise<Row | undefined> {
  const [found] = await owner.query(`select * from "${table.name}" where ${itself(table)}`, [
    keyOf(table, row),
  ]);
  return found;
}

const owned = tables.filter((table) => tenantColumn(table) !== undefined);
const others = tables.filter((table) => tenantColumn(table) === undefined);

/** Tables that only the system role uses. A table is listed here only if no tenant has access to it. */
const SYSTEM_TABLES = [
  "account",
  "account_revocations",
  "auth_attempts",
  "dead_letters",
  "dev_outbox",
  "identity_keys",
  "jwks",
  "materialized_views",
  "oauth_access_token",
  "oauth_client",
  "oauth_client_assertion",
  "oauth_client_resource",
  "oauth_consent",
  "oauth_refresh_token",
  "oauth_resource",
  "passkey",
  "retention_runs",
  "rollup_pending",
  "two_factor",
  "verification",
];

describe("the system catalog", () => {
  it("has no table without a tenant but those of the system", () => {
    expect(others.map((table) => table.name)).toEqual(SYSTEM_TABLES);
    expect(owned.length).toBeGreaterThanOrEqual(36);
  });

  it("has row-level security on for every table and every partition", async () => {
    const open = await owner.query(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity`,
    );
    expect(open).toEqual([]);
  });

  it("grants policies to the two group roles only, and the runtime role none that does not check the tenant", async () => {
    const loose = await owner.query(
      `select tablename, policyname from pg_policies where schemaname = 'public'
         and not (roles = '{gateway_system}'
               or (roles = '{gateway_runtime}' and coalesce(qual, '') || coalesce(with_check, '') like '%app_tenant_id()%'))`,
    );
    expect(loose).toEqual([]);
  });

  it("keeps partitions out of reach except through their parents", async () => {
    const reachable = await owner.query(
      `select c.relname from pg_class c, unnest(array['gateway_runtime', 'gateway_system']) as r (role)
        where c.relispartition and c.relkind = 'r'
          and has_table_privilege(r.role, c.oid, 'select, insert, update, delete')`,
    );
    expect(reachable).toEqual([]);
  });

  it("gives the Worker a login that owns nothing and cannot bypass policies", async () => {
    const [login] = await worker.query(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
              (select count(*)::int from pg_class where relowner = r.oid) as owned
         from pg_roles r where rolname = current_user`,
    );
    expect(login).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      owned: 0,
    });
  });

  it("lets no role change or remove a record", async () => {
    const changeable = await owner.query(
      `select t.name, r.role from
         unnest(array['request_logs', 'audit_logs', 'mcp_audit_logs', 'error_logs', 'security_events', 'system_events']) as t (name),
         unnest(array['gateway_runtime', 'gateway_system']) as r (role)
        where has_table_privilege(r.role, t.name::regclass, 'update, delete, truncate')
           or has_any_column_privilege(r.role, t.name::regclass, 'update')`,
    );
    expect(changeable).toEqual([]);
  });
});

describe.each(others)("$name, a table of the system", (table) => {
  it("is closed to a tenant altogether", async () => {
    const row = await b.stored(table.name);
    for (const statement of [`select * from "${table.name}"`, `delete from "${table.name}"`]) {
      expect(await as(a.tenantId, statement)).toHaveProperty("refused");
    }
    expect(await as(a.tenantId, insertStatement(table.name, row), [JSON.stringify(row)])).toHaveProperty(
      "refused",
    );
  });
});

describe.each(owned)("$name", (table) => {
  const column = tenantColumn(table) ?? "tenant_id";
  // Secrets are withheld by column (session.token), so select only the columns that identify the row's owner.
  const visible = `select "${column}" as owner from "${table.name}"`;

  it("shows a tenant its own rows and no other's", async () => {
    const [own] = [await a.stored(table.name), await b.stored(table.name)];
    const outcome = await as(a.tenantId, visible);
    if ("refused" in outcome) return;
    expect(outcome.rows.length).toBeGreaterThan(0);
    expect(new Set(outcome.rows.map((row) => row.owner ?? a.tenantId))).toEqual(new Set([a.tenantId]));
    const itselfOnly = await as(a.tenantId, `${visible} where ${itself(table)}`, [keyOf(table, own)]);
    expect(itselfOnly).toEqual({ rows: [{ owner: a.tenantId }] });
  });

  it("hides another's row even with its key", async () => {
    const theirs = await b.stored(table.name);
    expect(
      refusedOrNothing(await as(a.tenantId, `${visible} where ${itself(table)}`, [keyOf(table, theirs)])),
    ).toBe(true);
  });

  it("prevents updates and deletions of another's row", async () => {
    const theirs = await b.stored(table.name);
    const before = await asOwner(table, theirs);
    const changed = table.columns.find((candidate) => candidate.name === "updated_at")?.name ?? column;
    const where = `where ${itself(table)} returning 1`;
    for (const statement of [
      `update "${table.name}" set "${changed}" = "${changed}" ${where}`,
      `delete from "${table.name}" ${where}`,
    ]) {
      expect(refusedOrNothing(await as(a.tenantId, statement, [keyOf(table, theirs)]))).toBe(true);
    }
    expect(before).toBeDefined();
    expect(await asOwner(table, theirs)).toEqual(before);
  });

  it("refuses a row with a forged tenant id", async () => {
    const forged = await b.values(table.name);
    expect(
      await as(a.tenantId, insertStatement(table.name, forged), [JSON.stringify(forged)]),
    ).toHaveProperty("refused");
  });

  it("refuses to hand an own row over to another tenant", async () => {
    const own = await a.stored(table.name);
    const outcome = await as(
      a.tenantId,
      `update "${table.name}" set "${column}" = $2 where ${itself(table)}`,
      [keyOf(table, own), b.tenantId],
    );
    expect(outcome).toHaveProperty("refused");
    expect((await asOwner(table, own))?.[column]).toBe(a.tenantId);
  });

  it("shows and takes nothing while no tenant is set", async () => {
    const values = await a.values(table.name);
    expect(refusedOrNothing(await as("", visible))).toBe(true);
    expect(await as("", insertStatement(table.name, values), [JSON.stringify(values)])).toHaveProperty(
      "refused",
    );
    expect(refusedOrNothing(await as("", `delete from "${table.name}" returning 1`))).toBe(true);
  });
});

describe("rows of the whole system", () => {
  it("are read by a tenant and changed by none, and not even read without one", async () => {
    const key = `x${crypto.randomUUID().replaceAll("-", "")}`;
    await owner.query("insert into system_configs (tenant_id, key, value) values (null, $1, '1')", [key]);
    const read = "select key from system_configs where key = $1";
    expect(await as(a.tenantId, read, [key])).toEqual({ rows: [{ key }] });
    expect(await as("", read, [key])).toEqual({ rows: [] });
    expect(
      await as(a.tenantId, "update system_configs set value = '2' where key = $1 returning 1", [key]),
    ).toEqual({ rows: [] });
    expect(await as(a.tenantId, "delete from system_configs where key = $1 returning 1", [key])).toEqual({
      rows: [],
    });
    expect(
      await as(a.tenantId, "insert into system_configs (key, value) values ($1, '1')", [`${key}b`]),
    ).toHaveProperty("refused");
  });
});

describe("references", () => {
  it("cannot tie a row to another tenant's server, though foreign keys see past policies", async () => {
    const theirs = await b.stored("mcp_servers");
    await a.stored("mcp_servers");
    const tool = { ...(await a.values("server_tools")), server_id: theirs.id };
    const attempt = as(a.tenantId, insertStatement("server_tools", tool), [JSON.stringify(tool)]);
    await expect(attempt).rejects.toMatchObject({ code: "23503" });
  });
});
