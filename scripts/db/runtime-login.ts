// Makes the role the Worker logs in as. It owns nothing and cannot bypass row-level security; what it may do
// comes from the group roles that migrations create. `gateway_system`, which sees all tenants, must be taken on
// by SET ROLE, so that no query has its power by accident.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import type pg from "pg";
import { errorCode, errorMessage, Problem, runMain } from "../lib/problem.ts";
import { withDatabaseUrl } from "../run/dev-database.ts";
import { checkOwner, withClient, withLogin } from "./connection.ts";

const groups = ["gateway_runtime", "gateway_system"];

export type RuntimeLogin = { ownerUrl: string; login: string; password: string };

/** Creates the login or gives it a new password; returns its connection string. */
export async function ensureRuntimeLogin({ ownerUrl, login, password }: RuntimeLogin): Promise<string> {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(login) || login.startsWith("pg_") || groups.includes(login)) {
    throw new Problem(
      `"${login}" is not a valid role name: use lowercase letters, digits and _, for example gateway_app.`,
    );
  }
  await checkOwner(ownerUrl);
  await withClient(ownerUrl, async (client) => {
    const existing = await readRole(client, login);
    if (existing !== undefined) refuseUnsafe(login, existing);
    try {
      await client.query("begin");
      await createOrAlter(client, { login, password, exists: existing !== undefined });
      await grant(client, login);
      await client.query("commit");
    } catch (error) {
      throw explain(error, login);
    }
  });
  return withLogin(ownerUrl, login, password);
}

type Role = { powerful: boolean; owner: boolean; itself: boolean; foreign_groups: string[] };

async function readRole(client: pg.Client, login: string): Promise<Role | undefined> {
  const { rows } = await client.query<Role>(
    `select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as powerful,
       rolname = current_user as itself,
       exists (select from pg_class where relowner = role.oid) as owner,
       array(select grp.rolname::text from pg_auth_members m join pg_roles grp on grp.oid = m.roleid
             where m.member = role.oid and grp.rolname <> all ($2)) as foreign_groups
     from pg_roles role where rolname = $1`,
    [login, groups],
  );
  return rows[0];
}

// Such a role would see every tenant's rows. It may be in use for something else, so it is left as it is.
function refuseUnsafe(login: string, role: Role): void {
  const because = role.itself
    ? "is the owner itself"
    : role.powerful
      ? "has privileges other than login"
      : role.owner
        ? "owns tables"
        : role.foreign_groups.length > 0
          ? `is a member of ${role.foreign_groups.join(", ")}`
          : undefined;
  if (because !== undefined)
    throw new Problem(`The role ${login} ${because}: choose another login for the Worker.`);
}

async function createOrAlter(client: pg.Client, role: { login: string; password: string; exists: boolean }) {
  const name = client.escapeIdentifier(role.login);
  // In plain text, since Neon accepts passwords in no other form; the server stores the SCRAM verifier.
  const password = client.escapeLiteral(role.password);
  // An owner that is no superuser may not even name SUPERUSER or BYPASSRLS in ALTER ROLE; they were checked.
  await client.query(
    role.exists
      ? `alter role ${name} login inherit password ${password}`
      : `create role ${name} login inherit nosuperuser nobypassrls nocreatedb nocreaterole noreplication password ${password}`,
  );
}

async function grant(client: pg.Client, login: string): Promise<void> {
  const name = client.escapeIdentifier(login);
  const { rows } = await client.query<{ database: string }>("select current_database() as database");
  await client.query(
    `grant connect on database ${client.escapeIdentifier(rows[0]?.database ?? "")} to ${name}`,
  );
  await client.query(`grant gateway_runtime to ${name} with inherit true, set true`);
  await client.query(`grant gateway_system to ${name} with inherit false, set true`);
}

function explain(error: unknown, login: string): Problem {
  if (errorCode(error) === "42704") {
    return new Problem(
      "The group roles gateway_runtime and gateway_system are missing: run npm run db:migrate first.",
    );
  }
  return new Problem(`The login ${login} could not be created, no changes applied: ${errorMessage(error)}`);
}

async function main(): Promise<number> {
  const login = readLogin();
  await withDatabaseUrl(async (ownerUrl) => {
    const password = randomBytes(24).toString("base64url");
    const url = await ensureRuntimeLogin({ ownerUrl, login, password });
    console.error(
      `${login} is ready with a new password; an older password no longer works. Connection string for the Worker:`,
    );
    console.log(url);
  });
  return 0;
}

function readLogin(): string {
  try {
    const { values } = parseArgs({ options: { login: { type: "string" } } });
    if (values.login !== undefined) return values.login;
  } catch {
    // Reported below.
  }
  throw new Problem("Usage: npm run db:runtime-login -- --login gateway_app", 2);
}

if (import.meta.main) await runMain(main);
