// Connects scripts to a database as its owner and reports in one line what is wrong with a DATABASE_URL.
import pg from "pg";
import { errorCode, errorMessage, Problem } from "../lib/problem.ts";

const EXAMPLE = "postgresql://user:password@host:5432/database";

export function parseDatabaseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new Problem(`DATABASE_URL is not a PostgreSQL URL: use the form ${EXAMPLE}, or unset it.`);
  }
  if (url.hostname === "" || url.username === "" || databaseOf(url) === "") {
    throw new Problem(`DATABASE_URL has no host, user or database: use the form ${EXAMPLE}, or unset it.`);
  }
  return url;
}

export function databaseOf(url: URL): string {
  return decodeURIComponent(url.pathname.slice(1));
}

export function isNeon(url: URL): boolean {
  return url.hostname.endsWith(".neon.tech");
}

export function withLogin(ownerUrl: string, login: string, password: string): string {
  const url = new URL(ownerUrl);
  url.username = encodeURIComponent(login);
  url.password = encodeURIComponent(password);
  return url.href;
}

export function withDatabase(ownerUrl: string, database: string): string {
  const url = new URL(ownerUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

export async function withClient<T>(ownerUrl: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = parseDatabaseUrl(ownerUrl);
  const client = new pg.Client({ connectionString: directUrl(url), connectionTimeoutMillis: 15_000 });
  // Without a listener a connection lost between queries would end the process with a stack trace.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw explain(error, url);
  }
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** One line for a server that is too old or a user who may not migrate. Changes nothing. */
export function checkOwner(ownerUrl: string): Promise<void> {
  return withClient(ownerUrl, async (client) => {
    const { rows } = await client.query<OwnerFacts>(ownerFacts);
    const problem = rows[0] === undefined ? undefined : ownerProblem(rows[0]);
    if (problem !== undefined) throw new Problem(problem);
  });
}

export function ownerProblem(facts: OwnerFacts): string | undefined {
  if (facts.version < 160_000) {
    return `The server of DATABASE_URL is PostgreSQL ${facts.release}: PostgreSQL 16 or newer is required.`;
  }
  if (facts.may_create && facts.may_create_roles) return undefined;
  return `The user ${facts.name} of DATABASE_URL cannot migrate: use the owner of database ${facts.database}, with CREATEROLE.`;
}

export type OwnerFacts = {
  version: number;
  release: string;
  name: string;
  database: string;
  may_create: boolean;
  may_create_roles: boolean;
};

const ownerFacts = `
  select current_setting('server_version_num')::int as version, current_setting('server_version') as release,
    current_user as name, current_database() as database, rolsuper or rolcreaterole as may_create_roles,
    has_database_privilege(current_database(), 'CREATE') and has_schema_privilege('public', 'CREATE') as may_create
  from pg_roles where rolname = current_user`;

// Neon's pooler hands a session's connection to others between transactions, which breaks advisory locks. And
// pg warns at length that it treats these modes as verify-full; naming that mode means the same.
function directUrl(url: URL): string {
  const direct = new URL(url);
  if (isNeon(direct)) direct.hostname = direct.hostname.replace(/^([^.]+)-pooler\./, "$1.");
  const mode = direct.searchParams.get("sslmode");
  if (mode !== null && ["prefer", "require", "verify-ca"].includes(mode)) {
    direct.searchParams.set("sslmode", "verify-full");
  }
  return direct.href;
}

function explain(error: unknown, url: URL): Problem {
  const user = decodeURIComponent(url.username);
  switch (errorCode(error)) {
    case "28P01":
    case "28000":
      return new Problem(
        `${url.host} rejects the login of ${user} (${errorMessage(error)}): correct user and password in DATABASE_URL.`,
      );
    case "3D000":
      return new Problem(
        `Database ${databaseOf(url)} does not exist on ${url.host}: create it, or correct DATABASE_URL.`,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new Problem(`The host ${url.hostname} of DATABASE_URL is unknown: correct it.`);
    default:
      return new Problem(
        `Cannot reach the database of DATABASE_URL at ${url.host} (${errorMessage(error)}): start it, or correct DATABASE_URL.`,
      );
  }
}
