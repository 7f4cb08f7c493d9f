// The state of the database of DATABASE_URL: version, logins, migrations, row-level security, clock.
import type pg from "pg";
import { withClient } from "../db/connection.ts";
import { type AppliedMigration, readApplied } from "../db/migrate.ts";
import { type Migration, readMigrations } from "../db/migration-files.ts";
import { migrationsDir } from "../lib/paths.ts";
import { Problem } from "../lib/problem.ts";
import { type Check, judge, judgeClock, ok, skipped } from "./check.ts";

const MIN_VERSION = 160_000;
const MAX_CLOCK_DIFFERENCE_MS = 5_000;
const MIGRATE = "DATABASE_URL='<owner>' npm run db:migrate";
const LOGIN = "DATABASE_URL='<owner>' npm run db:runtime-login -- --login gateway_app";

export interface WorkerLogin {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly bypassesPolicies: boolean;
  readonly ownsTables: boolean;
}

export interface DatabaseFacts {
  readonly version: number;
  readonly release: string;
  /** Logins that are members of gateway_runtime. */
  readonly logins: readonly WorkerLogin[];
  /** Undefined where this login may not read them. */
  readonly applied: readonly AppliedMigration[] | undefined;
  readonly tables: number;
  readonly tablesWithoutPolicies: readonly string[];
  /** Partitioned tables without a partition for tomorrow. */
  readonly unpartitioned: readonly string[];
  readonly clockDifferenceMs: number;
}

export async function checkDatabase(url: string | undefined, now: () => number): Promise<Check[]> {
  if (url === undefined)
    return [skipped("database", "DATABASE_URL is not set here", "DATABASE_URL='<owner>' npm run doctor")];
  try {
    const facts = await withClient(url, (client) => readFacts(client, now));
    return judgeDatabase(facts, readMigrations(migrationsDir));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [{ name: "database", state: "failed", detail: error.message, fix: "correct DATABASE_URL" }];
  }
}

export function judgeDatabase(facts: DatabaseFacts, migrations: readonly Migration[]): Check[] {
  const server = judge(
    "database",
    facts.version < MIN_VERSION ? [`PostgreSQL ${facts.release} is too old`] : [],
    {
      passed: `PostgreSQL ${facts.release}`,
      fix: "use PostgreSQL 16 or newer",
    },
  );
  const schema = judgeMigrations(facts.applied, migrations);
  // The rest of an empty database would be found missing for the same reason.
  if (facts.tables === 0) return [server, schema];
  return [
    server,
    schema,
    judgeLogins(facts.logins),
    ...judgeTables(facts),
    judgeClock("database clock", facts.clockDifferenceMs, MAX_CLOCK_DIFFERENCE_MS),
  ];
}

const judgeTables = (facts: DatabaseFacts): Check[] => [
  judge(
    "row-level security",
    facts.tablesWithoutPolicies.map((table) => `${table} is open`),
    {
      passed: `on for all ${facts.tables} tables`,
      fix: "put `alter table … enable row level security` and its policies into a migration, then run npm run db:migrate",
    },
  ),
  judge(
    "partitions",
    facts.unpartitioned.map((table) => `${table} has none for tomorrow`),
    {
      passed: "ready for tomorrow",
      fix: "the daily cron trigger makes them: check that it fires (npx wrangler tail)",
    },
  ),
];

function judgeMigrations(
  applied: readonly AppliedMigration[] | undefined,
  migrations: readonly Migration[],
): Check {
  if (applied === undefined)
    return skipped("migrations", "only the owner can read them", "DATABASE_URL='<owner>' npm run doctor");
  const known = new Map(migrations.map((migration) => [migration.when, migration]));
  const ahead = applied.filter(({ when }) => !known.has(when)).length;
  if (ahead > 0) {
    const detail = `the database is ahead of this code by ${ahead}`;
    return {
      name: "migrations",
      state: "failed",
      detail,
      fix: "update the code to the deployed version (git pull)",
    };
  }
  const edited = applied.flatMap(({ when, hash }) => {
    const migration = known.get(when);
    return migration === undefined || migration.hash === hash
      ? []
      : [`${migration.tag}.sql was edited after it ran`];
  });
  const behind = migrations.filter(({ when }) => !applied.some((entry) => entry.when === when));
  return judge(
    "migrations",
    [
      ...edited,
      ...(behind.length === 0
        ? []
        : [`${behind.length} of ${migrations.length} not applied, from ${behind[0]?.tag} on`]),
    ],
    { passed: `all ${migrations.length} applied`, fix: edited.length > 0 ? "git checkout drizzle" : MIGRATE },
  );
}

function judgeLogins(logins: readonly WorkerLogin[]): Check {
  if (logins.length === 0)
    return {
      name: "Worker login",
      state: "failed",
      detail: "no login is a member of gateway_runtime",
      fix: LOGIN,
    };
  const problems = logins.flatMap(({ name, isSuperuser, bypassesPolicies, ownsTables }) => [
    ...(isSuperuser ? [`${name} is a superuser`] : []),
    ...(bypassesPolicies ? [`${name} has BYPASSRLS`] : []),
    ...(ownsTables ? [`${name} owns tables`] : []),
  ]);
  if (problems.length > 0) return judge("Worker login", problems, { passed: "", fix: LOGIN });
  return ok("Worker login", logins.map(({ name }) => name).join(", "));
}

async function readFacts(client: pg.Client, now: () => number): Promise<DatabaseFacts> {
  const rows = async <T extends object>(sql: string) => (await client.query<T>(sql)).rows;
  const [server] = await rows<{ version: number; release: string; migrations: boolean }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_version') as release,
       to_regnamespace('drizzle') is null or has_schema_privilege('drizzle', 'usage') as migrations`,
  );
  const tables = await rows<{ name: string; secured: boolean }>(
    `select c.relname as name, c.relrowsecurity and exists (select from pg_policy where polrelid = c.oid) as secured
     from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     order by 1`,
  );
  const before = now();
  const [clock] = await rows<{ ms: number }>(
    "select extract(epoch from clock_timestamp())::float8 * 1000 as ms",
  );
  return {
    version: server?.version ?? 0,
    release: server?.release ?? "",
    logins: await rows<WorkerLogin>(WORKER_LOGINS),
    applied: server?.migrations === true ? await readApplied(client) : undefined,
    tables: tables.length,
    tablesWithoutPolicies: tables.filter(({ secured }) => !secured).map(({ name }) => name),
    unpartitioned: (await rows<{ name: string }>(UNPARTITIONED)).map(({ name }) => name),
    clockDifferenceMs: (clock?.ms ?? 0) - (before + now()) / 2,
  };
}

const WORKER_LOGINS = `
  select login.rolname::text as name, login.rolsuper as "isSuperuser", login.rolbypassrls as "bypassesPolicies",
    exists (select from pg_class where relowner = login.oid) as "ownsTables"
  from pg_auth_members m join pg_roles grp on grp.oid = m.roleid and grp.rolname = 'gateway_runtime'
    join pg_roles login on login.oid = m.member
  where login.rolcanlogin and login.rolname <> (select rolname from pg_roles r join pg_database d on d.datdba = r.oid
    where d.datname = current_database())
  order by 1`;

/** Bounds are read as text, since a partition's bound has no other form in the catalog. */
const UNPARTITIONED = `
  select parent.relname::text as name from pg_class parent
  where parent.relkind = 'p' and parent.relnamespace = 'public'::regnamespace and not exists (
    select from pg_inherits i join pg_class part on part.oid = i.inhrelid,
      regexp_match(pg_get_expr(part.relpartbound, part.oid), 'FROM \\(''([^'']+)''\\) TO \\(''([^'']+)''\\)') as bound
    where i.inhparent = parent.oid
      and bound[1]::timestamptz <= now() + interval '1 day' and bound[2]::timestamptz > now() + interval '1 day')
  order by 1`;
