// Every request names its database in a header; this reads it as Neon's proxy does and keeps the endpoint
// from being a way to any host but the Postgres servers it was started for.
import { badRequest, UNKNOWN_ENDPOINT } from "./errors.ts";

export interface Target {
  /** Equal for requests that may share connections. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly applicationName: string | undefined;
  readonly options: string | undefined;
}

export function readTarget(connectionString: string | undefined, allow: ReadonlySet<string>): Target {
  if (connectionString === undefined) throw badRequest("invalid header: neon-connection-string");
  let url: URL;
  try {
    url = new URL(connectionString);
  } catch {
    throw badRequest("invalid connection string: relative URL without a base");
  }
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") throw badRequest("incorrect scheme");
  if (url.pathname === "") throw badRequest("missing database name");
  const database = decode(url.pathname.split("/")[1] ?? "", "invalid database name");
  if (database === "") throw badRequest("invalid database name");
  const user = decode(url.username, "invalid username: invalid utf-8 sequence");
  if (user === "") throw badRequest("missing username");
  if (url.password === "") throw badRequest("missing authentication credentials: required password");
  const password = decode(url.password, "invalid password: invalid utf-8 sequence");
  if (url.hostname === "") throw badRequest("missing hostname");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? 5432 : Number(url.port);
  if (!isAllowed(host, port, allow)) throw badRequest(UNKNOWN_ENDPOINT);
  return {
    key: connectionString,
    host,
    port,
    user,
    password,
    database,
    applicationName: url.searchParams.get("application_name") ?? undefined,
    options: serverOptions(url.searchParams.get("options")),
  };
}

/** The same list guards both protocols. `localhost` and `127.0.0.1` are different entries. */
export function isAllowed(host: string, port: number, allow: ReadonlySet<string>): boolean {
  return allow.has(`${host}:${port}`) || allow.has(`[${host}]:${port}`);
}

/** Neon routes by some options and takes them out before Postgres, which would refuse them, sees the rest. */
function serverOptions(options: string | null): string | undefined {
  const forServer = (options ?? "")
    .split(/\s+/)
    .filter((option) => !/^(endpoint|project|neon_\w+)[=:]/.test(option))
    .join(" ");
  return forServer === "" ? undefined : forServer;
}

function decode(part: string, complaint: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(complaint);
  }
}
