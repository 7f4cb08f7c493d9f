// The migration runner against histories that a team really produces, each on a database of its own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ownerProblem, withClient } from "../../../scripts/db/connection.ts";
import { migrate } from "../../../scripts/db/migrate.ts";
import { freshDatabase, query } from "../run/databases.ts";

const root = mkdtempSync(join(tmpdir(), "migrations-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Step = { tag: string; when: number; sql: string };

const first: Step = { tag: "0000_first", when: 1000, sql: "create table a (id int);" };
const second: Step = {
  tag: "0001_second",
  when: 2000,
  sql: "create table b (id int);\n--> statement-breakpoint\ninsert into b values (1);",
};

let count = 0;
function folder(...steps: Step[]): string {
  const dir = join(root, String(count++));
  mkdirSync(join(dir, "meta"), { recursive: true });
  const entries = steps.map(({ tag, when }, idx) => ({ idx, version: "7", when, tag, breakpoints: true }));
  const journal = { version: "7", dialect: "postgresql", entries };
  writeFileSync(join(dir, "meta", "_journal.json"), JSON.stringify(journal));
  for (const { tag, sql } of steps) writeFileSync(join(dir, `${tag}.sql`), sql);
  return dir;
}

const books = "select hash, created_at from drizzle.__drizzle_migrations order by created_at";

test("a fresh database runs everything, a second run nothing", async () => {
  const ownerUrl = await freshDatabase();
  const migrationsDir = folder(first, second);
  expect(await migrate({ ownerUrl, migrationsDir })).toEqual({
    applied: [first.tag, second.tag],
    already: 0,
  });
  expect(await migrate({ ownerUrl, migrationsDir })).toEqual({ applied: [], already: 2 });
  expect(await query(ownerUrl, "select id from b")).toEqual([{ id: 1 }]);
  expect(await query(ownerUrl, books)).toMatchObject([{ created_at: "1000" }, { created_at: "2000" }]);
});

test("two runs at once do the work once", async () => {
  const ownerUrl = await freshDatabase();
  const migrationsDir = folder(first, second);
  const results = await Promise.all([1, 2, 3].map(() => migrate({ ownerUrl, migrationsDir })));
  expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 2]);
});

const faults = [
  {
    name: "a migration edited after it ran",
    later: [{ ...first, sql: "create table a (id bigint);" }, second],
    message: /0000_first\.sql was edited after it ran/,
  },
  { name: "a database newer than the code", later: [first], message: /newer than this code/ },
  {
    name: "a migration that slipped in before the last one",
    later: [first, { tag: "0001_late", when: 1500, sql: "create table late (id int);" }, second],
    message: /0001_late\.sql is older than the last one that ran/,
  },
  {
    name: "a journal out of order",
    later: [first, second, { tag: "0002_misplaced", when: 1500, sql: "select 1;" }],
    message: /0002_misplaced\.sql is not newer/,
  },
  {
    name: "a migration that fails",
    later: [
      first,
      second,
      { tag: "0002_broken", when: 3000, sql: "create table c (id int);\n--> statement-breakpoint\nselekt;" },
    ],
    message: /0002_broken\.sql failed, no changes applied: syntax error/,
  },
];

test.each(faults)("$name: one line, no change", async ({ later, message }) => {
  const ownerUrl = await freshDatabase();
  await migrate({ ownerUrl, migrationsDir: folder(first, second) });
  const before = await query(ownerUrl, books);
  await expect(migrate({ ownerUrl, migrationsDir: folder(...later) })).rejects.toThrow(message);
  expect(await query(ownerUrl, books)).toEqual(before);
  const tables = "select tablename from pg_tables where schemaname = 'public' order by 1";
  expect(await query(ownerUrl, tables)).toEqual([{ tablename: "a" }, { tablename: "b" }]);
});

test("a table that a long transaction holds: one line, no change, and no queue behind the migration", async () => {
  const ownerUrl = await freshDatabase();
  await migrate({ ownerUrl, migrationsDir: folder(first, second) });
  const change = { tag: "0002_change", when: 3000, sql: "alter table a add column more int;" };
  await withClient(ownerUrl, async (client) => {
    await client.query("begin");
    await client.query("select * from a");
    const blocked = migrate({ ownerUrl, migrationsDir: folder(first, second, change), lockTimeoutMs: 100 });
    await expect(blocked).rejects.toThrow(/0002_change\.sql could not lock a table, no changes applied/);
    await client.query("commit");
  });
  expect(await migrate({ ownerUrl, migrationsDir: folder(first, second, change) })).toMatchObject({
    applied: [change.tag],
  });
});

test("a server older than PostgreSQL 16 and a user who cannot migrate are refused", () => {
  const facts = {
    version: 160_000,
    release: "16.0",
    name: "me",
    database: "d",
    may_create: true,
    may_create_roles: true,
  };
  expect(ownerProblem(facts)).toBeUndefined();
  expect(ownerProblem({ ...facts, version: 150_012, release: "15.12" })).toMatch(
    /15\.12: PostgreSQL 16 or newer/,
  );
  expect(ownerProblem({ ...facts, may_create: false })).toMatch(/me of DATABASE_URL cannot migrate/);
});
