/**
 * The data layer. `withTenant(id)` and `asSystem()` give an ordinary Drizzle database; each query or `batch` on it
 * leaves as one HTTP request in which the first statement of the transaction takes on the role and the tenant, and
 * the rest runs under it. So isolation costs no extra round trip, and no connection can be left without it.
 */
import { type NeonQueryFunction, NeonQueryPromise, neon, neonConfig } from "@neondatabase/serverless";
import { drizzle, type NeonHttpDatabase } from "drizzle-orm/neon-http";
import { DatabaseUnavailableError } from "../core/errors.ts";
import { isUuid } from "../core/ids.ts";
import { isRetryable, isUnreachable, MAX_ATTEMPTS, retryDelay } from "./retry.ts";
import type { QueryStatistics, QueryTarget } from "./statistics.ts";
import { DatabaseWatchdog } from "./watchdog.ts";

export type Db = NeonHttpDatabase;

export interface Database {
  /** Sees and changes this tenant's rows only. */
  withTenant(tenantId: string, target?: QueryTarget): Db;
  /** For work without a tenant: sign-in, cron, the queue consumer. Sees every row. */
  asSystem(target?: QueryTarget): Db;
}

export interface DatabaseUrls {
  readonly main: string;
  readonly read?: string | undefined;
  readonly write?: string | undefined;
  readonly analytics?: string | undefined;
  readonly endpoint?: string | undefined;
}

export interface DatabaseDeps {
  readonly statistics: QueryStatistics;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

type Raw = NeonQueryFunction<boolean, boolean>;
type Statement = NeonQueryPromise<boolean, boolean>;

interface DatabaseScope {
  readonly role: "gateway_runtime" | "gateway_system";
  readonly tenantId: string;
}

/** A statement that outlives its caller only costs; reports may take their time. */
const STATEMENT_TIMEOUT_MS: Record<QueryTarget, number> = {
  main: 15_000,
  read: 15_000,
  write: 15_000,
  analytics: 300_000,
};
/** On these a transaction is read-only, and the main database answers where theirs does not. */
const READ_ONLY: ReadonlySet<QueryTarget> = new Set(["read", "analytics"]);
/** The database ends a statement itself; this much later the client stops waiting for the response. */
const CLIENT_TIMEOUT_MARGIN_MS = 5_000;

const ENTER_SCOPE = `select set_config('role', $1, true), set_config('app.tenant_id', $2, true),
  set_config('statement_timeout', $3, true)`;

export function createDatabase(urls: DatabaseUrls, tools: DatabaseDeps): Database {
  // Global in the driver; every database of an isolate is reached the same way.
  if (urls.endpoint !== undefined) neonConfig.fetchEndpoint = `${urls.endpoint}/sql`;
  const watchdogs = new Map<string, DatabaseWatchdog>();
  const connect = (url: string): Connection => {
    const watchdog = watchdogs.get(url) ?? new DatabaseWatchdog(tools.now);
    watchdogs.set(url, watchdog);
    return { raw: neon(url), watchdog };
  };
  const connections: Record<QueryTarget, Connection> = {
    main: connect(urls.main),
    read: connect(urls.read ?? urls.main),
    write: connect(urls.write ?? urls.main),
    analytics: connect(urls.analytics ?? urls.main),
  };
  const open = (scope: DatabaseScope, target: QueryTarget): Db => {
    const run = createRunner(connections, scope, target, tools);
    // Without the schema, of which Drizzle would compute all relations anew each time, for `db.query` alone.
    return drizzle({ client: scopedClient(connections[target].raw, run) });
  };
  return {
    withTenant(tenantId, target = "main") {
      if (!isUuid(tenantId)) throw new TypeError("withTenant needs the tenant's id");
      return open({ role: "gateway_runtime", tenantId }, target);
    },
    asSystem(target = "main") {
      return open({ role: "gateway_system", tenantId: "" }, target);
    },
  };
}

interface Connection {
  readonly raw: Raw;
  /** Of the database behind it, which several connections may share. */
  readonly watchdog: DatabaseWatchdog;
}

type Run = (statements: readonly Statement[]) => Promise<unknown[]>;

/** One round trip: enters the scope, runs the statements, drops the first answer. Retries, falls back, measures. */
function createRunner(
  connections: Record<QueryTarget, Connection>,
  scope: DatabaseScope,
  target: QueryTarget,
  tools: DatabaseDeps,
): Run {
  const readOnly = READ_ONLY.has(target);
  const fallback =
    readOnly && connections[target].watchdog !== connections.main.watchdog ? connections.main : undefined;

  const timeoutMs = STATEMENT_TIMEOUT_MS[target] + CLIENT_TIMEOUT_MARGIN_MS;

  const attempt = ({ raw, watchdog }: Connection, statements: readonly Statement[]): Promise<unknown[]> =>
    watchdog.watch({
      async run(signal) {
        const enter = raw.query(ENTER_SCOPE, [
          scope.role,
          scope.tenantId,
          String(STATEMENT_TIMEOUT_MS[target]),
        ]);
        const options = { readOnly, fetchOptions: { signal } };
        const [, ...results] = await raw.transaction([enter, ...statements], options);
        return results;
      },
      probe: (signal) => raw.query("select 1", [], { fetchOptions: { signal } }),
      timeoutMs,
    });

  const persist = async (
    statements: readonly Statement[],
    sample: { retries: number },
  ): Promise<unknown[]> => {
    for (;;) {
      try {
        return await attempt(connections[target], statements);
      } catch (error) {
        if (isRetryable(error, readOnly) && sample.retries + 1 < MAX_ATTEMPTS) {
          await tools.sleep(retryDelay(sample.retries, tools.random()));
          sample.retries += 1;
        } else if (fallback !== undefined && isUnavailable(error)) {
          return attempt(fallback, statements);
        } else {
          throw error;
        }
      }
    }
  };

  return async (statements) => {
    const sample = { target, statements: statements.length, retries: 0, failed: false, durationMs: 0 };
    const started = tools.now();
    try {
      return await persist(statements, sample);
    } catch (error) {
      sample.failed = true;
      throw isUnreachable(error) ? new DatabaseUnavailableError(error) : error;
    } finally {
      sample.durationMs = tools.now() - started;
      tools.statistics.record(sample);
    }
  };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DatabaseUnavailableError || isUnreachable(error);
}

/** What Drizzle's neon-http session requires of a client, with every query and every batch sent through `run`. */
function scopedClient(raw: Raw, run: Run): Raw {
  // The driver's promises are lazy: one that is handed to a batch never runs by itself.
  const scoped = (statement: Statement) =>
    new NeonQueryPromise(
      async () => {
        const [result] = await run([statement]);
        return result;
      },
      statement.queryData,
      statement.opts,
    );
  return new Proxy(raw, {
    get(target, property) {
      if (property === "query") return (...call: Parameters<Raw["query"]>) => scoped(target.query(...call));
      if (property === "transaction") return (statements: readonly Statement[]) => run(statements);
      return undefined;
    },
  });
}
