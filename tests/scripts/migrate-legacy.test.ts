// A whole migration with dirty data: killed, resumed, validated, used by an old password and old keys, and rolled back.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashPassword } from "better-auth/crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { databaseOf, withDatabase } from "../../scripts/db/connection.ts";
import { migrate } from "../../scripts/db/migrate.ts";
import { migrationsDir, projectDir } from "../../scripts/lib/paths.ts";
import { type ChainPositions, excludePruned } from "../../src/core/audit-chain.ts";
import { TestBrowser } from "../fixtures/browser.ts";
import { databaseOfThisRun, startGateway } from "../fixtures/gateway.ts";
import {
  createLegacyDatabase,
  OLD_KEY,
  OLD_PASSWORD,
  OLD_RESTRICTED_KEY,
  OLD_SALTED_KEY,
} from "../fixtures/legacy-database/create.ts";
import { freshDatabase, query, uncheckedDatabase } from "./run/databases.ts";

const ROWS = 600;
const dir = mkdtempSync(join(tmpdir(), "legacy-migration-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let from = "";
let to = "";

beforeAll(async () => {
  [from, to] = await Promise.all([uncheckedDatabase(), freshDatabase()]);
  const passwordHash = await hashPassword(OLD_PASSWORD);
  await Promise.all([
    createLegacyDatabase(from, { rows: ROWS, passwordHash }),
    migrate({ ownerUrl: to, migrationsDir }),
  ]);
  await query(
    to,
    "insert into tenants (id, name, slug) values ('00000000-0000-4000-9000-000000000009', 'Here', 'here')",
  );
  await query(
    to,
    "insert into audit_logs (tenant_id, action, resource_type, success) values ('00000000-0000-4000-9000-000000000009', 'before', 'x', true)",
  );
  writeFileSync(join(dir, "map.json"), JSON.stringify({ "Kept elsewhere": "here", "*": "here" }));
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(
    process.execPath,
    [join(projectDir, "scripts", "migrate-legacy", "main.ts"), "--dir", join(dir, "run"), ...args],
    { env: { ...process.env, DATABASE_URL: to }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += String(chunk)));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, output })));
  return { child, ended };
}

const tables = [
  ...["tenants", '"user"', "tenant_members", "account", "mcp_servers", "server_tools", "server_resources"],
  ...["legacy_api_keys", "rate_limit_configs", "server_access_controls", "routing_rules", "circuit_breakers"],
  ...[
    "request_queues",
    "connection_pools",
    "performance_alerts",
    "data_retention_policies",
    "system_configs",
  ],
  ...["server_metrics", "mcp_audit_logs", "request_logs"],
];

/** Without what the gateway itself writes while it runs. */
const OWN: Readonly<Record<string, string>> = {
  request_logs: "path = '/mcp'",
  connection_pools: "kind = 'upstream'",
};

async function countRows(): Promise<Record<string, number>> {
  const sql = tables
    .map(
      (table) =>
        `select '${table}' as name, count(*)::int as count from ${table} where ${OWN[table] ?? "true"}`,
    )
    .join(" union all ");
  const rows = await query<{ name: string; count: number }>(to, sql);
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

/** Entries that do not follow from the one before, and gaps that no entry declares. */
async function findFaults(): Promise<unknown[]> {
  const chain = await query<{ tenant: string | null; at: number; before: number; sound: boolean }>(
    to,
    `select tenant_id as tenant, sequence::int as at, coalesce(lag(sequence) over w, 0)::int as before,
       gateway_audit_hash(a) = hash and (lag(hash) over w = previous_hash or coalesce(lag(sequence) over w, 0) < sequence - 1
         or sequence = 1) as sound
     from audit_logs a window w as (partition by tenant_id order by sequence)`,
  );
  const pruned = await query<{ tenant: string | null; places: ChainPositions[] }>(
    to,
    "select tenant_id as tenant, details -> 'places' as places from audit_logs where action = 'audit-logs.prune'",
  );
  return chain.filter(({ tenant, at, before, sound }) => {
    const declared = pruned.filter((entry) => entry.tenant === tenant).flatMap(({ places }) => places);
    return !sound || excludePruned([before + 1, at - 1], declared).length > 0;
  });
}

const report = () => JSON.parse(readFileSync(join(dir, "run", "report.json"), "utf8"));
const rejects = () =>
  readFileSync(join(dir, "run", "rejects.ndjson"), "utf8")
    .trim()
    .split("\n")
    .map((line): { table: string; reason: string; line: number } => JSON.parse(line));

describe("npm run migrate:legacy", () => {
  let before: Record<string, number> = {};
  const source = () => ["--from", from, "--tenant-map", join(dir, "map.json")];
  const options = () => [...source(), "--batch", "50"];

  it("transforms everything in a dry run and writes to no database", async () => {
    before = await countRows();
    const { code, output } = await start(...source(), "--dry-run").ended;
    expect(code, output).toBe(0);
    expect(await countRows()).toEqual(before);
    expect(await query(to, "select to_regnamespace('legacy_migration') as made")).toEqual([{ made: null }]);
    expect(output).toContain("dry run: nothing was written");
    rmSync(join(dir, "run"), { recursive: true });
  });

  it("goes on where it was killed, loses and doubles nothing, and is valid", async () => {
    const { child, ended } = start(...options());
    await vi.waitFor(
      async () => {
        const sql =
          "select lines::int from legacy_migration.progress where source_table = 'fastmcp_audit_log'";
        expect((await query<{ lines: number }>(to, sql).catch(() => []))[0]?.lines).toBeGreaterThan(100);
      },
      { timeout: 60_000, interval: 20 },
    );
    child.kill("SIGKILL");
    expect((await ended).code).toBeNull();
    expect(
      await query(to, "select is_done from legacy_migration.progress where source_table = 'request_logs'"),
    ).toEqual([]);
    const refused = await start(...options()).ended;
    expect(refused.output).toContain("continue it with --resume");
    const resumed = await start(...source(), "--resume").ended;
    expect(resumed.code, resumed.output).toBe(0);
    for (const { table, exported, accepted, rejected, archivedBecause } of report().tables)
      if (archivedBecause === null) expect([table, accepted + rejected]).toEqual([table, exported]);
    const lines = rejects().map(({ table, line }) => `${table} ${line}`);
    expect(new Set(lines).size).toBe(lines.length);
    expect(await findFaults()).toEqual([]);
    // Entries of before 2000 are rejected, every other one is in its chain.
    const early = Math.floor(ROWS / 89) - Math.floor(ROWS / (89 * 97));
    const [audit] = await query(
      to,
      "select count(*)::int as count from audit_logs where action = 'server.update'",
    );
    expect(audit).toEqual({ count: ROWS - early });
  });

  it("repairs what has one meaning and states a reason for each rejected row", async () => {
    const reasons = rejects().map(({ table, reason }) => `${table}: ${reason}`);
    expect(reasons).toEqual(
      expect.arrayContaining([
        'users: email "no address" is no email address',
        "account: password has an unknown hash: the user has to reset it",
        "account: user gone does not exist",
        "api_keys: key_hash is no SHA-256: issue a new key",
        "performance_alerts: comparison_operator has no equal here",
        "routing_rules: target_servers names no server of the tenant",
        "server_tools: is a duplicate: a row with its unique values exists",
        "system_configs: is sensitive: enter the value again, it is sealed here",
      ]),
    );
    const [tenant] = await query(to, "select name, slug, status from tenants where slug = 'muller-gmbh'");
    expect(tenant).toEqual({ name: "Müller GmbH", slug: "muller-gmbh", status: "suspended" });
    expect(await query(to, "select name from \"user\" where id = 'user-10'")).toEqual([{ name: "Müller" }]);
    expect(await query(to, "select slug from tenants where slug like 'acme%' order by 1")).toEqual([
      { slug: "acme-corp" },
      { slug: "acme-corp-2" },
    ]);
    const twice = await query(
      to,
      "select name from mcp_servers where title = 'Search server' and name <> 'Search-server'",
    );
    expect(twice.length).toBeGreaterThan(0);
    expect(await query(to, "select 1 from audit_logs where timestamp > now() + interval '1 day'")).toEqual(
      [],
    );
    expect(await query(to, "select 1 from audit_logs where details::text like '%hunter22%'")).toEqual([]);
    const [rule] = await query(to, "select is_active, conditions from routing_rules where name = 'Search-2'");
    expect(rule).toEqual({ is_active: false, conditions: {} });
  });

  it("merges users by email address and reports each conflict", async () => {
    expect(await query(to, "select user_id from account where id = 'account-1'")).toEqual([
      { user_id: "user-1" },
    ]);
    const { conflicts } = report();
    expect(conflicts).toEqual(
      expect.arrayContaining([
        "user1@example.com: merged into the existing user user-1",
        "user1@example.com: merged into user user-1",
        expect.stringMatching(/^root@example\.com: was an administrator without a tenant/),
        expect.stringMatching(/^API key "narrow": disabled, because allowed_servers cannot be kept/),
      ]),
    );
    expect(await query(to, "select 1 from \"user\" where role = 'admin'")).toEqual([]);
  });

  it("keeps old passwords and old keys working", async () => {
    const run = databaseOfThisRun();
    const gateway = await startGateway({
      ...run,
      ownerUrl: to,
      runtimeUrl: withDatabase(run.runtimeUrl, databaseOf(new URL(to))),
    });
    try {
      const page = await new TestBrowser(gateway.url).signIn({
        identifier: "user1@example.com",
        password: OLD_PASSWORD,
      });
      expect([page.status, page.url]).toEqual([200, `${gateway.url}/admin`]);
      const me = async (key: string) => {
        const answer = await fetch(`${gateway.url}/api/v1/me`, {
          headers: { authorization: `Bearer ${key}` },
        });
        return answer.ok ? answer.json() : answer.status;
      };
      expect(await me(OLD_KEY)).toMatchObject({
        userId: "user-1",
        via: "legacy_api_key",
        scopes: ["read", "proxy"],
      });
      expect(await me(OLD_SALTED_KEY)).toMatchObject({ userId: null, role: "service" });
      expect(await me(OLD_RESTRICTED_KEY)).toBe(401);
    } finally {
      await gateway.close();
    }
  });

  it("finds a row that was changed after the import", async () => {
    await query(
      to,
      "update mcp_servers set description = 'changed' where id = (select id from mcp_servers limit 1)",
    );
    const { code, output } = await start(...options(), "--resume").ended;
    expect(code).toBe(1);
    expect(output).toContain("column description has changed since the import");
  });

  it("inserts nothing a second time", async () => {
    const imported = await countRows();
    const again = spawnIn(join(dir, "second"));
    expect((await again).code).toBe(1);
    expect(await countRows()).toEqual(imported);
  });

  it("rolls back exactly what the run brought in, and leaves every chain verifiable", async () => {
    await query(
      to,
      "insert into mcp_servers (tenant_id, name, endpoint_url) select id, 'later', 'https://later.example.com' from tenants where slug = 'acme-corp'",
    );
    const refused = await start("--rollback").ended;
    expect(refused.output).toContain("1 in mcp_servers");
    await query(to, "delete from mcp_servers where name = 'later'");
    const { code, output } = await start("--rollback").ended;
    expect(code, output).toBe(0);
    expect(await countRows()).toEqual(before);
    expect(
      await query(to, "select action from audit_logs where action in ('server.update', 'before')"),
    ).toEqual([{ action: "before" }]);
    expect(await findFaults()).toEqual([]);
    expect((await start(...options(), "--resume").ended).output).toContain("was rolled back");
  });

  const spawnIn = (folder: string) => start(...source(), "--dir", folder).ended;
});
