// What `npm run doctor` finds in databases that are empty, complete, behind, ahead, edited or open.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withDatabase } from "../../../scripts/db/connection.ts";
import { migrate } from "../../../scripts/db/migrate.ts";
import { ensureRuntimeLogin } from "../../../scripts/db/runtime-login.ts";
import type { Check } from "../../../scripts/doctor/check.ts";
import { checkDatabase } from "../../../scripts/doctor/database.ts";
import { migrationsDir } from "../../../scripts/lib/paths.ts";
import { copyOf, freshDatabase, query } from "../run/databases.ts";

const login = `doctor_${randomBytes(4).toString("hex")}`;
const strong = `doctor_strong_${randomBytes(4).toString("hex")}`;
let ownerUrl = "";
let workerUrl = "";

beforeAll(async () => {
  ownerUrl = await freshDatabase();
  await migrate({ ownerUrl, migrationsDir });
  await query(ownerUrl, "select gateway_ensure_partitions()");
  workerUrl = await ensureRuntimeLogin({ ownerUrl, login, password: "first" });
});
afterAll(async () => {
  await query(ownerUrl, `drop owned by ${login}; drop role ${login}; drop role if exists ${strong}`);
});

const examine = (url: string | undefined, now = Date.now) => checkDatabase(url, now);
const named = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name);

it("finds nothing wrong with a database that is complete", async () => {
  const checks = await examine(ownerUrl);
  expect(checks.map(({ name, state }) => [name, state])).toEqual([
    ["database", "ok"],
    ["migrations", "ok"],
    ["Worker login", "ok"],
    ["row-level security", "ok"],
    ["partitions", "ok"],
    ["database clock", "ok"],
  ]);
});

it("skips the migrations for a login that cannot read them, and checks the rest", async () => {
  const checks = await examine(workerUrl);
  expect(named(checks, "migrations")).toMatchObject({ state: "skipped" });
  expect(named(checks, "row-level security")).toMatchObject({ state: "ok" });
});

it("reports of an empty database only that it is not migrated", async () => {
  const checks = await examine(await freshDatabase());
  expect(checks.map(({ state }) => state)).toEqual(["ok", "failed"]);
  expect(checks[1]?.fix).toContain("npm run db:migrate");
});

it("skips without DATABASE_URL, and fails with one that leads nowhere", async () => {
  expect(await examine(undefined)).toMatchObject([{ state: "skipped" }]);
  const nowhere = withDatabase(ownerUrl, "no_such_database");
  expect(await examine(nowhere)).toMatchObject([
    { state: "failed", detail: expect.stringContaining("does not exist") },
  ]);
});

it("notices a clock that is wrong", async () => {
  const checks = await examine(ownerUrl, () => Date.now() - 60_000);
  expect(named(checks, "database clock")).toMatchObject({
    state: "failed",
    detail: "60 s ahead of this machine's",
  });
});

describe("names what is wrong with", () => {
  const journal = "drizzle.__drizzle_migrations";
  const last = `created_at = (select max(created_at) from ${journal})`;

  it.each([
    ["a migration that is missing", "migrations", "1 of", `delete from ${journal} where ${last}`],
    [
      "an edited migration",
      "migrations",
      "was edited after it ran",
      `update ${journal} set hash = 'x' where ${last}`,
    ],
    [
      "a database ahead of the code",
      "migrations",
      "ahead of this code by 1",
      `insert into ${journal} (hash, created_at) values ('y', 4102444800000)`,
    ],
    [
      "a table without row-level security",
      "row-level security",
      "mcp_servers is open",
      "alter table mcp_servers disable row level security",
    ],
    [
      "missing partitions",
      "partitions",
      "request_logs has none for tomorrow",
      `do $$ declare part text; begin for part in select inhrelid::regclass::text from pg_inherits
         where inhparent = 'request_logs'::regclass loop execute format('drop table %s', part); end loop; end $$`,
    ],
    [
      "a login that passes by the policies",
      "Worker login",
      "has BYPASSRLS",
      `create role ${strong} login bypassrls; grant gateway_runtime to ${strong}`,
    ],
  ])("%s", async (_, name, detail, sql) => {
    const broken = await copyOf(ownerUrl);
    await query(broken, sql);
    expect(named(await examine(broken), name)).toMatchObject({
      state: "failed",
      detail: expect.stringContaining(detail),
      fix: expect.stringMatching(/./),
    });
  });
});
