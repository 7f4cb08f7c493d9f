/** The migrations are the only source of truth: they must lead exactly to the schema of the code. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as schema from "../../src/db/schema/index.ts";

const tables = Object.values(schema)
  .filter((value) => is(value, PgTable))
  .map(getTableConfig);
const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });

beforeAll(() => client.connect());
afterAll(() => client.end());

describe("migrations", () => {
  it("leave drizzle-kit nothing to add", () => {
    const folder = mkdtempSync(join(tmpdir(), "drizzle-"));
    try {
      cpSync("drizzle", folder, { recursive: true });
      const before = readdirSync(folder);
      const generated = spawnSync(
        process.execPath,
        [
          "node_modules/drizzle-kit/bin.cjs",
          "generate",
          "--dialect=postgresql",
          "--schema=./src/db/schema/index.ts",
          `--out=${folder}`,
        ],
        { encoding: "utf8" },
      );
      expect(generated.status, generated.stderr).toBe(0);
      expect(readdirSync(folder), "run `npm run db:generate`").toEqual(before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("rename stored event types and leave the others", async () => {
    const [rename = ""] = readFileSync("drizzle/0023_contract_names.sql", "utf8").split(
      "--> statement-breakpoint",
    );
    await client.query("begin");
    try {
      const { rows: added } = await client.query<{ id: string }>(
        `insert into security_events (id, event_type, severity, description)
         select gen_random_uuid(), type, 'info', type from unnest($1::text[]) as type returning id`,
        [["person.banned", "setup.guessed", "csrf.refused", "key.failed"]],
      );
      await client.query(rename);
      const { rows } = await client.query<{ type: string }>(
        `select event_type as type from security_events where id = any($1) order by event_type`,
        [added.map(({ id }) => id)],
      );
      expect(rows.map(({ type }) => type)).toEqual([
        "csrf.rejected",
        "key.failed",
        "setup.failed",
        "user.banned",
      ]);
    } finally {
      await client.query("rollback");
    }
  });

  it("rename the stored reason of forced breaker transitions and leave the others", async () => {
    const [, rename = ""] = readFileSync("drizzle/0023_contract_names.sql", "utf8").split(
      "--> statement-breakpoint",
    );
    await client.query("begin");
    try {
      await client.query(
        `with tenant as (
           insert into tenants (name, slug) values ('m', 'm-' || gen_random_uuid()) returning id
         ), server as (
           insert into mcp_servers (tenant_id, name, endpoint_url)
           select id, 'renamed', 'https://renamed.example.com/mcp' from tenant returning id, tenant_id
         )
         insert into circuit_breaker_transitions (tenant_id, server_id, from_state, to_state, reason)
         select tenant_id, id, 'closed', 'open', unnest($1::text[]) from server`,
        [["by hand", "failures"]],
      );
      await client.query(rename);
      const { rows } = await client.query<{ reason: string }>(
        `select t.reason from circuit_breaker_transitions t
           join mcp_servers s on s.id = t.server_id and s.endpoint_url = 'https://renamed.example.com/mcp'
          order by t.reason`,
      );
      expect(rows.map(({ reason }) => reason)).toEqual(["failures", "forced"]);
    } finally {
      await client.query("rollback");
    }
  });

  it("make the tables of the schema and no others", async () => {
    const { rows } = await client.query<{ name: string }>(
      `select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by relname`,
    );
    expect(rows.map((row) => row.name)).toEqual(tables.map((table) => table.name).sort());
  });

  it.each(tables)("make $name column for column", async (table) => {
    const { rows } = await client.query(
      `select a.attname as name, format_type(a.atttypid, null) as type, a.attnotnull as required
         from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attname`,
      [`public."${table.name}"`],
    );
    const expected = table.columns
      .map((column) => ({ name: column.name, type: spelled(column.getSQLType()), required: column.notNull }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    expect(rows).toEqual(expected);
  });

  it("make each index, check, policy and foreign key of the schema under its name", async () => {
    const names = async (query: string) =>
      (await client.query<{ name: string }>(query)).rows.map((row) => row.name);
    const expected = (pick: (table: (typeof tables)[number]) => (string | undefined)[]) =>
      tables.flatMap((table) => pick(table).map((name) => `${table.name}.${name?.slice(0, 63)}`)).sort();

    expect(
      await names(
        `select tablename || '.' || policyname as name from pg_policies where schemaname = 'public' order by 1`,
      ),
    ).toEqual(expected((table) => table.policies.map((policy) => policy.name)));
    const constraints = (kind: string) =>
      names(`select c.relname || '.' || k.conname as name from pg_constraint k join pg_class c on c.oid = k.conrelid
              where c.relnamespace = 'public'::regnamespace and not c.relispartition and k.contype = '${kind}' order by 1`);
    expect((await constraints("c")).sort()).toEqual(
      expected((table) => table.checks.map((check) => check.name)),
    );
    expect((await constraints("f")).sort()).toEqual(
      expected((table) => table.foreignKeys.map((key) => key.getName())),
    );
    const indexes = await names(`select t.relname || '.' || i.relname as name from pg_index x
        join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
       where t.relnamespace = 'public'::regnamespace and not t.relispartition
         and not exists (select from pg_constraint k where k.conindid = x.indexrelid)`);
    expect(indexes.sort()).toEqual(expected((table) => table.indexes.map((index) => index.config.name)));
  });

  it("partition the five time series by time", async () => {
    const { rows } = await client.query(
      `select partrelid::regclass::text as name, pg_get_partkeydef(partrelid) as key from pg_partitioned_table order by 1`,
    );
    expect(rows).toEqual([
      { name: "audit_logs", key: 'RANGE ("timestamp")' },
      { name: "mcp_audit_logs", key: 'RANGE ("timestamp")' },
      { name: "request_logs", key: "RANGE (request_time)" },
      { name: "server_health_checks", key: "RANGE (checked_at)" },
      { name: "server_metrics", key: 'RANGE ("timestamp")' },
    ]);
  });
});

/** Postgres' own spelling of what Drizzle calls a type. */
function spelled(type: string): string {
  return type.replace(/^time$/, "time without time zone");
}
