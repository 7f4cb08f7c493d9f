// What the Worker's login may and may not do, checked on the server rather than in the code.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withClient } from "../../../scripts/db/connection.ts";
import { ensureRuntimeLogin } from "../../../scripts/db/runtime-login.ts";
import { freshDatabase, query } from "../run/databases.ts";

const login = `run_login_${randomBytes(4).toString("hex")}`;
const other = `run_other_${randomBytes(4).toString("hex")}`;
let ownerUrl = "";

// The group roles are of the whole server; the migrations of `npm test` have created them.
beforeAll(async () => {
  ownerUrl = await freshDatabase();
  await query(
    ownerUrl,
    `create table notes (tenant text); insert into notes values ('a'), ('b');
     alter table notes enable row level security;
     create policy own on notes to gateway_runtime using (tenant = current_setting('test.tenant', true));
     create policy every on notes to gateway_system using (true);
     grant select on notes to gateway_runtime, gateway_system;
     create role ${other} login bypassrls`,
  );
});

afterAll(async () => {
  await query(ownerUrl, `drop owned by ${login}; drop role ${login}; drop role ${other}`);
});

test("it sees its tenant's rows only, and all of them only after SET ROLE", async () => {
  const url = await ensureRuntimeLogin({ ownerUrl, login, password: "first" });
  await withClient(url, async (client) => {
    const count = async () => (await client.query("select tenant from notes order by 1")).rows.length;
    expect(await count()).toBe(0);
    await client.query("set test.tenant = 'a'");
    expect(await count()).toBe(1);
    await client.query("set row_security = off");
    await expect(count()).rejects.toThrow(/row-level security/);
    await client.query("set row_security = on");
    await client.query("set role gateway_system");
    expect(await count()).toBe(2);
  });
});

test("it has no power to take more", async () => {
  const url = await ensureRuntimeLogin({ ownerUrl, login, password: "first" });
  const attempts = [
    `alter role ${login} bypassrls`,
    "create role more",
    "create database more",
    "drop table notes",
  ];
  attempts.push(
    "alter table notes disable row level security",
    "set role postgres",
    "create table public.mine ()",
  );
  for (const sql of attempts)
    await expect(query(url, sql), sql).rejects.toThrow(/permission denied|must be owner/);
});

test("a second call changes the password", async () => {
  const before = await ensureRuntimeLogin({ ownerUrl, login, password: "first" });
  const after = await ensureRuntimeLogin({ ownerUrl, login, password: "second: /@%'" });
  await expect(query(before, "select 1")).rejects.toThrow(/rejects the login/);
  expect(await query(after, "select 1 as one")).toEqual([{ one: 1 }]);
});

test.each([
  ["Robert'); drop table", /not a valid role name/],
  ["gateway_system", /not a valid role name/],
  [other, /has privileges other than login/],
])("%s is refused", async (name, message) => {
  await expect(ensureRuntimeLogin({ ownerUrl, login: name, password: "x" })).rejects.toThrow(message);
});
